"""How commands end: exit statuses, and one-line error messages."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer

from mav_engine.characters import legible
from mav_engine.terminal.keys import end

if TYPE_CHECKING:
    from mav_engine.errors import MavError

FAILED = 1
USAGE_ERROR = 2
"""Invalid command line; the status that shell builtins use."""
INTERRUPTED = 130
BROKEN_PIPE = 141


def fail(message: str, status: int = FAILED) -> NoReturn:
    """Exit with one line on standard error."""
    typer.echo(f"mav: {legible(' '.join(message.split()))}", err=True)
    raise typer.Exit(status)


def fail_with(error: MavError) -> NoReturn:
    """Exit with the detail of an error."""
    from mav_engine.errors import InvalidSettings, ModelLoadFailed, UnknownModel

    callers_fault = isinstance(error, InvalidSettings | UnknownModel)
    failed = isinstance(error, ModelLoadFailed) or not callers_fault
    fail(error.detail, FAILED if failed else USAGE_ERROR)


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Exit with one line on errors of the engine and of files."""
    from mav_engine.errors import MavError

    try:
        yield
    except MavError as error:
        fail_with(error)
    except BrokenPipeError:
        # The reader has closed the pipe (`mav … | head`); Python would fail when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(BROKEN_PIPE) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{error.strerror or error}.")


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Let SIGTERM raise an exception, so that the command cleans up."""
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def write_lines(lines: Iterable[bytes]) -> None:
    """Write JSON lines to standard output, flushing each."""
    out = sys.stdout.buffer
    for line in lines:
        out.write(line + b"\n")
        out.flush()
