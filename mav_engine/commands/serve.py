"""`mav serve`: serves the site and the API."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mav_engine.commands.exit_status import fail

if TYPE_CHECKING:
    from mav_engine.config import ServerConfig

_Models = Annotated[
    list[str] | None,
    typer.Option(
        help="A hub name or folder to offer in addition to mav-tiny, optionally with a precision "
        "(NAME@int8); repeatable. "
        "MAV_DEFAULT_MODEL makes one the default."
    ),
]
_Receive = Annotated[
    bool,
    typer.Option(
        "--receive-training",
        help="Let a training stream into that file: from this machine, or with MAV_TRAINING_TOKEN "
        "of any.",
    ),
]


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            help="Port to listen on; 0 picks a free one.", min=0, max=65535, envvar="PORT"
        ),
    ] = 8000,
    model: _Models = None,
    any_model: Annotated[
        bool,
        typer.Option("--any-model", help="Let clients use any hub model, folder or GGUF file."),
    ] = False,
    watch: Annotated[
        Path | None, typer.Option(help="A training's recording to show as it grows.")
    ] = None,
    receive_training: _Receive = False,
    root_path: Annotated[
        str, typer.Option(help="Path prefix such as /mav that a proxy adds.")
    ] = "",
    reload: Annotated[
        bool, typer.Option("--reload", help="Restart when the code changes.")
    ] = False,
) -> None:
    """Serve the site and the API.

    Example:  mav serve --port 9000 --model Qwen/Qwen3-0.6B
    """
    from mav_engine.api_keys import KeysUnreadable
    from mav_engine.errors import InvalidSettings
    from mav_engine.server import serve as server

    try:
        listener = server.bind(host, port)
        # Options are passed in the environment, so that a restarted process has them too.
        os.environ.update(_as_environment(host, model or [], any_model, watch, receive_training))
        if root_path:
            os.environ["MAV_ROOT_PATH"] = root_path
        config = _check_environment(host)
    except (server.PortTaken, InvalidSettings, KeysUnreadable) as error:
        fail(str(error))
    except OSError as error:
        fail(f"Cannot listen on {host}, port {port}: {error.strerror or error}.")
    server.serve("mav_engine.server.asgi:app", listener, root_path=config.root_path, reload=reload)


def _check_environment(host: str) -> ServerConfig:
    from mav_engine.config import read_environment
    from mav_engine.server.training.access import check_open_to

    config = read_environment(os.environ)
    check_open_to(config, host)
    # Checks import the engine, without which a site that only relays starts in half the time.
    if config.offers_models or not config.upstream:
        config.catalog()
    if config.require_key:
        _check_keys(config)
    if config.watch or config.receive_training:
        _check_training(config)
    return config


def _check_keys(config: ServerConfig) -> None:
    from mav_engine.api_keys import KeyFile, default_path

    path = config.keys_file or default_path()
    if not KeyFile(path).all():
        typer.echo(
            "mav: MAV_REQUIRE_KEY is set, and there are no keys yet: mav keys add NAME", err=True
        )


def _check_training(config: ServerConfig) -> None:
    from mav_engine.server.training.feed import check_watched
    from mav_engine.server.training.inbox import inbox_of

    if config.watch:
        check_watched(config.watch)
    inbox_of(config)


def _as_environment(
    host: str, models: list[str], any_model: bool, watch: Path | None, receive_training: bool
) -> dict[str, str]:
    wanted = {"MAV_PREWARM": os.environ.get("MAV_PREWARM") or "1"}
    wanted["MAV_ALLOWED_HOSTS"] = ",".join(
        filter(None, [os.environ.get("MAV_ALLOWED_HOSTS"), host])
    )
    if models:
        from mav_engine.models.catalog import entry_of

        listed = [os.environ.get("MAV_MODELS", ""), *(entry_of(given).key for given in models)]
        wanted["MAV_MODELS"] = ",".join(filter(None, listed))
    if any_model:
        wanted["MAV_ANY_MODEL"] = "1"
    if watch is not None:
        wanted["MAV_WATCH"] = str(watch.absolute())
    if receive_training:
        wanted["MAV_RECEIVE_TRAINING"] = "1"
    return wanted
