"""`mav models`: which models are here, and how to get others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mav_engine.commands import options as opt
from mav_engine.commands.ending import INTERRUPTED, fail, told, write_lines
from mav_engine.commands.models_here import catalog_here

if TYPE_CHECKING:
    from mav_engine.contract.events import ModelInfo

models = typer.Typer(
    help="List the models that are here, or get one from the hub.\n\n"
    "Example:  mav models pull HuggingFaceTB/SmolLM-135M",
    invoke_without_command=True,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A model of this machine."""

    info: ModelInfo
    where: str
    bytes: int
    whole: bool
    """Whether its weights are there, in the format that is read."""
    problem: str | None = None
    """Why it cannot be loaded, as far as its files show."""


@models.callback()
def _list_by_default(context: typer.Context, as_json: opt.Json = False) -> None:
    if context.invoked_subcommand is None:
        list_models(as_json)


@models.command("list")
def list_models(as_json: opt.Json = False) -> None:
    """Tell each model of this machine with its size and where it is."""
    with told():
        places = sorted(_places(), key=lambda place: place.info.name)
    if as_json or not sys.stdout.isatty():
        write_lines(_lines(places))
        return
    from rich.console import Console

    Console(highlight=False, markup=False).print(_table(places))


@models.command("pull")
def pull(name: Annotated[str, typer.Argument(help="A hub name: owner/model.")]) -> None:
    """Get a model from the hub into its cache, safetensors only.

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
        # What has come stays in the cache, and the next pull goes on from there.
        raise typer.Exit(INTERRUPTED) from None
    for bar in opened:
        bar.close()
    if not any(folder.glob("*.safetensors")):
        fail(f"{name} has no safetensors weights, and MAV reads no others.")
    typer.echo(f"{name} is here. Run it: mav --model {name}")


def _bars(opened: list[Any]) -> Any:
    """The hub's progress bars, each kept, so that none is drawn again after the last word."""
    import huggingface_hub.utils

    shown: Any = getattr(huggingface_hub.utils, "tqdm")  # noqa: B009, it exports it untyped

    class Bar(shown):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            opened.append(self)

    return Bar


def _places() -> Iterator[Place]:
    from mav_engine.models import EMBEDDED_DIR

    for entry in catalog_here().entries():
        folder = Path(entry.source)
        here = folder.is_dir()
        embedded = folder.parent == EMBEDDED_DIR
        where = "with MAV" if embedded else str(folder) if here else "listed in MAV_MODELS"
        wrong = entry.problem()
        size = _bytes_in(folder) if here else 0
        yield Place(entry.describe(), where, size, here and wrong is None, wrong)
    yield from _cached()


def _cached() -> Iterator[Place]:
    from huggingface_hub import CacheNotFound, scan_cache_dir

    from mav_engine.models.description import describe

    try:
        found = scan_cache_dir()
    except CacheNotFound:
        return
    for repo in found.repos:
        if repo.repo_type == "model":
            info = describe(repo.repo_id, name=repo.repo_id)
            whole = info.parameters is not None
            yield Place(info, "hub's cache", repo.size_on_disk, whole)


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def _lines(places: list[Place]) -> Iterator[bytes]:
    from mav_engine.contract.json_lines import json_line

    for place in places:
        info = place.info
        yield json_line(
            {
                "name": info.name,
                "parameters": info.parameters,
                "layers": info.layers,
                "heads": info.heads,
                "d_model": info.d_model,
                "context": info.context,
                "where": place.where,
                "bytes": place.bytes,
                "complete": place.whole,
                "problem": place.problem,
            }
        )


def _table(places: list[Place]) -> object:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("model", no_wrap=True)
    for name in ("parameters", "layers", "heads", "context", "on disk"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("where")
    for place in places:
        info = place.info
        wrong = place.problem or "without safetensors weights"
        where = place.where if place.whole else f"{place.where}, {wrong}"
        table.add_row(
            Text(info.name, style="cyan" if place.whole else "dim"),
            "–" if info.parameters is None else f"{info.parameters / 1e6:,.1f}M",
            *("–" if each is None else f"{each}" for each in (info.layers, info.heads)),
            "–" if info.context is None else f"{info.context}",
            f"{place.bytes / 1e6:,.1f} MB" if place.bytes else "–",
            Text(where, style="dim"),
        )
    return table
