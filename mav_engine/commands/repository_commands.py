"""`mav train` and `mav bench`, which run programs of the project's repository."""

from __future__ import annotations

from importlib.util import find_spec

import typer

from mav_engine.commands.exit_status import fail

PASS_OPTIONS_ON = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}
"""Pass all options to the program, --help included."""


def train(context: typer.Context) -> None:
    """Train the embedded model, as this project did.

    Example:  mav train --corpus DIR --out DIR; all options: mav train --help
    """
    _require("training")
    from training.__main__ import main

    raise typer.Exit(main(context.args))


def bench(context: typer.Context) -> None:
    """Measure the cost of capturing, compared with plain generate().

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
            f"{package} is part of MAV's repository, not of the installed package; clone the "
            "repository and run there: pip install -e ."
        )
