"""`mav mcp`: lets assistants look inside models, by the Model Context Protocol."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from mav_engine.commands import options as opt
from mav_engine.commands.exit_status import exit_on_error

if TYPE_CHECKING:
    from mav_engine.contract.model_list import ModelList
    from mav_engine.mcp_server.source import Source

_Server = Annotated[
    str | None,
    typer.Option(
        help="Address of a MAV server whose models are run there, such as http://localhost:8000. "
        "Its key is read from MAV_KEY."
    ),
]


def mcp(device: opt.Device = "cpu", server: _Server = None) -> None:
    """Let an assistant run, explain and compare models, by the Model Context Protocol (MCP).

    It speaks MCP on standard input and output, so an assistant's program starts it. The tools are
    run, explain_token, compare and models.

    Example:  mav mcp --server http://localhost:8000
    """
    from mav_engine.errors import MissingExtra

    with exit_on_error(), ExitStack() as opened:
        try:
            from mav_engine.mcp_server.protocol import serve_standard_streams
        except ModuleNotFoundError:
            raise MissingExtra(
                "mav mcp needs the package mcp, which is not installed: "
                "pip install 'mav-engine[mcp]'."
            ) from None
        serve_standard_streams(_source(opened, device, server))


def _source(opened: ExitStack, device: str, server: str | None) -> Source:
    from mav_engine.mcp_server.source import LocalModels, ServerModels

    if server is not None:
        from mav_engine.client import Client

        return ServerModels(opened.enter_context(Client(server, os.environ.get("MAV_KEY"))))
    from mav_engine.commands.model_lookup import load_local_model, local_catalog

    return LocalModels(
        _listed, lambda name: load_local_model(name, device), local_catalog().default
    )


def _listed() -> ModelList:
    from mav_engine.commands.local_models import local_models
    from mav_engine.contract.model_list import ModelList

    found = sorted(local_models(), key=lambda model: model.info.name)
    return ModelList(
        default="",
        models=[each.info for each in found],
        problems={
            each.info.name: each.problem or "its weights are not in a supported format"
            for each in found
            if not each.whole
        },
        training=False,
    )
