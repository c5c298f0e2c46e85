"""`mav plugins`: lists the plugins of other packages, and why any of them failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

NONE_FOUND = (
    "No plugins are installed. Packages add probes, terminal panels and backends with entry "
    "points; see docs/plugins.md and examples/mav-example-plugins."
)


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point of another package."""

    kind: str
    name: str
    package: str
    needs: list[str]
    """Hook points of a probe, probes of a panel, packages of a backend."""
    failed: str | None
    """Why it cannot be used, or None."""


def plugins(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON lines.", rich_help_panel="Output")
    ] = False,
) -> None:
    """List plugins, what each needs, and why any of them failed.

    Example:  mav plugins
    """
    found = list(installed())
    if as_json:
        from mav_engine.contract.json_lines import json_line

        for each in found:
            typer.echo(json_line(asdict(each)))
    elif not found:
        typer.echo(NONE_FOUND)
    else:
        for line in lines(found):
            typer.echo(line)


def installed() -> Iterator[Plugin]:
    """Import and list every plugin, with the reason if it failed."""
    yield from _probes()
    yield from _panels()
    yield from _backends()


def lines(found: list[Plugin]) -> Iterator[str]:
    """A line in columns for each, followed by the reason if it failed."""
    rows = [(each.kind, each.name, each.package, ", ".join(each.needs) or "-") for each in found]
    heads = ("KIND", "NAME", "PACKAGE", "NEEDS")
    widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(3)]
    for row, each in zip((heads, *rows), (None, *found), strict=True):
        columns = "  ".join(f"{word:<{width}}" for word, width in zip(row, widths, strict=False))
        yield f"{columns}  {row[3]}".rstrip()
        if each is not None and each.failed is not None:
            yield f"  failed: {' '.join(each.failed.split())}"


def _probes() -> Iterator[Plugin]:
    from mav_engine.probes.registry import PROBES

    for name, plugin in PROBES.plugins.items():
        probe = PROBES.load(name)
        if isinstance(probe, str):
            yield Plugin("probe", name, plugin.package, [], probe)
        else:
            yield Plugin("probe", name, plugin.package, sorted(probe.needs), None)


def _panels() -> Iterator[Plugin]:
    from mav_engine.terminal.registry import PANELS, panel

    for name, plugin in PANELS.plugins.items():
        loaded = panel(name)
        if isinstance(loaded, str):
            yield Plugin("panel", name, plugin.package, [], loaded)
        else:
            yield Plugin("panel", name, plugin.package, list(loaded.capture), None)


def _backends() -> Iterator[Plugin]:
    from mav_engine.backends.plugins import BACKENDS

    for name, plugin in BACKENDS.plugins.items():
        loaded = BACKENDS.load(name)
        failed = loaded if isinstance(loaded, str) else None
        yield Plugin("backend", name, plugin.package, plugin.requires, failed)
