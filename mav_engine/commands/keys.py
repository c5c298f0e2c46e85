"""`mav keys`: adds, lists and revokes the API keys of a server."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mav_engine.commands import options as opt
from mav_engine.commands.exit_status import exit_on_error, write_lines

if TYPE_CHECKING:
    from mav_engine.api_keys import ApiKey, KeyFile

keys = typer.Typer(
    help="Add, list and revoke the API keys of a server. MAV_REQUIRE_KEY=1 lets a server require "
    "one.\n\n"
    "Example:  mav keys add laptop --scope run --scope models",
    invoke_without_command=True,
)

File = Annotated[
    Path | None,
    typer.Option(
        help=r"The file with the keys. \[default: MAV_KEYS_FILE, or mav/keys.json in ~/.config]",
        show_default=False,
    ),
]


@keys.callback()
def _list_by_default(context: typer.Context, file: File = None, as_json: opt.Json = False) -> None:
    if context.invoked_subcommand is None:
        list_keys(file, as_json)


@keys.command("add")
def add(
    name: Annotated[str, typer.Argument(help="A name by which to recognize and revoke it.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What the key allows: run, compare, models, training or metrics; repeatable. "
            r"\[default: run, compare and models]",
            show_default=False,
        ),
    ] = None,
    file: File = None,
) -> None:
    """Add a key and print it. It is shown only now: the file has its hash.

    Example:  mav keys add prometheus --scope metrics
    """
    with exit_on_error():
        key = _key_file(file).add(name, scope or ["run", "compare", "models"])
    typer.echo("This key is shown only now:", err=True)
    typer.echo(key)


@keys.command("list")
def list_keys(file: File = None, as_json: opt.Json = False) -> None:
    """List the keys with their names, scopes and dates."""
    with exit_on_error():
        found = _key_file(file).all()
    if as_json or not sys.stdout.isatty():
        from mav_engine.contract.json_lines import json_line

        write_lines(json_line(_shown(each)) for each in found)
        return
    if not found:
        typer.echo("There are no keys. Add one: mav keys add NAME --scope run")
    for each in found:
        typer.echo(f"{each.id}  {each.created[:10]}  {each.name}  ({', '.join(each.scopes)})")


@keys.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="The name or the id of the key.")],
    file: File = None,
) -> None:
    """Revoke a key. Running servers refuse it from the next request on.

    Example:  mav keys revoke laptop
    """
    with exit_on_error():
        revoked = _key_file(file).revoke(name)
    typer.echo(f"{revoked.name} ({revoked.id}) is revoked.")


def _shown(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": list(key.scopes),
        "created": key.created,
    }


def _key_file(file: Path | None) -> KeyFile:
    from mav_engine.api_keys import KeyFile, default_path
    from mav_engine.config import read_environment

    return KeyFile(file or read_environment(os.environ).keys_file or default_path())
