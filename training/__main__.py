"""Train the embedded model: ``python -m training --corpus DIR --out DIR``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from training.options import build_parser

if TYPE_CHECKING:
    from training.loop import OnStep


def main(arguments: Sequence[str] | None = None, on_step: OnStep | None = None) -> int:
    """Run the command line; ``on_step(step, model, loss)`` is called after every optimizer step."""
    options = build_parser().parse_args(arguments)
    from training.command import run

    return run(options, on_step)


if __name__ == "__main__":
    sys.exit(main())
