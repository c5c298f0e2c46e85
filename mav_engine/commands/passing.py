"""`mav train` and `mav bench`: programs of the project's repository, with their own options."""

from __future__ import annotations

from importlib.util import find_spec

import typer

from mav_engine.commands.ending import fail

PASSING = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""All options are the program's own, --help too."""


def train(context: typer.Context) -> None:
    """Train the embedded model, as this project did.

    Example:  mav train --corpus DIR --out DIR; all options: mav train --help
    """
    _require("training")
    from training.__main__ import main

    raise typer.Exit(main(context.args))


def bench(context: typer.Context) -> None:
    """Measure what looking inside costs, beside plain generate().

    Example:  mav bench --only costs; all options: mav bench --help
    """
    _require("bench")
    from bench.__main__ import main

    program = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    program.command()(main)
    program(context.args, prog_name="mav bench", standalone_mode=False)


def _require(package: str) -> None:
    if find_spec(package) is None:
        fail(
            f"{package} comes with MAV's repository, not with the installed package; clone the "
            "repository and install it from there: pip install -e ."
        )
