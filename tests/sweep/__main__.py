"""`python -m tests.sweep [model type …]`: write the table of all architectures to stdout."""

from __future__ import annotations

import sys
import warnings
from contextlib import redirect_stdout

import torch
import transformers

from tests.sweep.judge import judge
from tests.sweep.models import MODEL_TYPES
from tests.sweep.table import page


def main() -> int:
    torch.set_num_threads(1)
    rows = []
    for model_type in sys.argv[1:] or MODEL_TYPES:
        # Some models print; stdout is the page.
        with warnings.catch_warnings(), redirect_stdout(sys.stderr):
            warnings.simplefilter("ignore")
            rows.append(judge(model_type))
            print(rows[-1].line(), *rows[-1].wrong)
    sys.stdout.write(page(rows, ".".join(transformers.__version__.split(".")[:2])))
    return int(any(row.wrong for row in rows))


if __name__ == "__main__":
    sys.exit(main())
