"""`mav models`: lists local models and downloads others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from mav_engine.commands import options as opt
from mav_engine.commands.exit_status import INTERRUPTED, exit_on_error, fail, write_lines
from mav_engine.commands.local_models import LocalModel, local_models

models = typer.Typer(
    help="List local models, also those of Ollama, LM Studio and llama.cpp, or download one from "
    "the hub.\n\n"
    "Example:  mav models pull HuggingFaceTB/SmolLM-135M",
    invoke_without_command=True,
)


@models.callback()
def _list_by_default(context: typer.Context, as_json: opt.Json = False) -> None:
    if context.invoked_subcommand is None:
        list_models(as_json)


@models.command("list")
def list_models(as_json: opt.Json = False) -> None:
    """List the models on this machine with their size and location."""
    with exit_on_error():
        models_here = sorted(local_models(), key=lambda model: model.info.name)
    if as_json or not sys.stdout.isatty():
        write_lines(_lines(models_here))
        return
    from rich.console import Console

    Console(highlight=False, markup=False).print(_table(models_here))


@models.command("pull")
def pull(name: Annotated[str, typer.Argument(help="A hub name: owner/model.")]) -> None:
    """Download a model from the hub into its cache; only safetensors weights.

    Example:  mav models pull HuggingFaceTB/SmolLM-135M
    """
    from mav_engine.errors import MavError
    from mav_engine.models.hub import download

    opened: list[Any] = []
    try:
        folder = download(name, progress=_bars(opened))
    except MavError as error:
        fail(error.detail)
    except KeyboardInterrupt:
        # Downloaded files stay in the cache, and the next pull continues from there.
        raise typer.Exit(INTERRUPTED) from None
    for bar in opened:
        bar.close()
    if not any(folder.glob("*.safetensors")):
        fail(f"{name} has no safetensors weights, which MAV needs.")
    typer.echo(f"{name} is ready. Run it: mav --model {name}")


def _bars(opened: list[Any]) -> Any:
    """The hub's progress bars, collected so that they can be closed before the last message."""
    import huggingface_hub.utils

    shown: Any = getattr(huggingface_hub.utils, "tqdm")  # noqa: B009, it exports it untyped

    class Bar(shown):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            opened.append(self)

    return Bar


def _lines(models_here: list[LocalModel]) -> Iterator[bytes]:
    from mav_engine.contract.json_lines import json_line

    for model in models_here:
        info = model.info
        yield json_line(
            {
                "name": info.name,
                "parameters": info.parameters,
                "layers": info.layers,
                "heads": info.heads,
                "d_model": info.d_model,
                "context": info.context,
                "where": model.where,
                "bytes": model.bytes,
                "complete": model.whole,
                "problem": model.problem,
            }
        )


def _table(models_here: list[LocalModel]) -> object:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("model", no_wrap=True)
    for name in ("parameters", "layers", "heads", "context", "on disk"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("where")
    for model in models_here:
        info = model.info
        wrong = model.problem or "without safetensors weights"
        where = model.where if model.whole else f"{model.where}, {wrong}"
        table.add_row(
            Text(info.name, style="cyan" if model.whole else "dim"),
            "–" if info.parameters is None else f"{info.parameters / 1e6:,.1f}M",
            *("–" if each is None else f"{each}" for each in (info.layers, info.heads)),
            "–" if info.context is None else f"{info.context}",
            f"{model.bytes / 1e6:,.1f} MB" if model.bytes else "–",
            Text(where, style="dim"),
        )
    return table
