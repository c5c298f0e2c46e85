"""How a command ends: its exit status, and one line that says why."""

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
UNUSABLE = 2
"""The command line asks for what cannot be, as shells' own commands tell it."""
INTERRUPTED = 130
NOBODY_READS = 141


def fail(message: str, status: int = FAILED) -> NoReturn:
    """End with one line on standard error."""
    typer.echo(f"mav: {legible(' '.join(message.split()))}", err=True)
    raise typer.Exit(status)


def fail_with(error: MavError) -> NoReturn:
    """End with what an error says."""
    from mav_engine.errors import InvalidSettings, ModelLoadFailed, UnknownModel

    asked_for_it = isinstance(error, InvalidSettings | UnknownModel)
    failed = isinstance(error, ModelLoadFailed) or not asked_for_it
    fail(error.detail, FAILED if failed else UNUSABLE)


@contextmanager
def told() -> Iterator[None]:
    """Errors of the engine and of files end the command with one line."""
    from mav_engine.errors import MavError

    try:
        yield
    except MavError as error:
        fail_with(error)
    except BrokenPipeError:
        # Nobody reads any more, `mav … | head` say; Python would complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(NOBODY_READS) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{error.strerror or error}.")


@contextmanager
def ended_by_a_kill() -> Iterator[None]:
    """A kill ends the command as any failure does, so that what it has begun is cleared away."""
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def write_lines(lines: Iterable[bytes]) -> None:
    """JSON lines on standard output, each there before the next is computed."""
    out = sys.stdout.buffer
    for line in lines:
        out.write(line + b"\n")
        out.flush()
