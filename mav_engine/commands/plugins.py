"""`mav plugins`: what other packages add, what it needs, and what failed and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

NONE_FOUND = (
    "No plugins are installed. A package adds probes, terminal panels and backends by entry "
    "points; an example stands in examples/mav-example-plugins, the way in docs/plugins.md."
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
    """Why it cannot be taken."""


def plugins(
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line.", rich_help_panel="Output")
    ] = False,
) -> None:
    """List plugins: what was found, what each needs, what failed and why.

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
    """Every plugin there is; each is imported, and one that fails is told with the reason."""
    yield from _probes()
    yield from _panels()
    yield from _backends()


def lines(found: list[Plugin]) -> Iterator[str]:
    """A line each, in columns; below it why it failed."""
    rows = [(each.kind, each.name, each.package, ", ".join(each.needs) or "-") for each in found]
    heads = ("KIND", "NAME", "PACKAGE", "NEEDS")
    widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(3)]
    for row, each in zip((heads, *rows), (None, *found), strict=True):
        told = "  ".join(f"{word:<{width}}" for word, width in zip(row, widths, strict=False))
        yield f"{told}  {row[3]}".rstrip()
        if each is not None and each.failed is not None:
            yield f"  failed: {' '.join(each.failed.split())}"


def _probes() -> Iterator[Plugin]:
    from mav_engine.probes import registry
    from mav_engine.probes.base import Probe

    for name, (package, probe) in registry.plugins().items():
        if isinstance(probe, Probe):
            yield Plugin("probe", name, package, sorted(probe.needs), None)
        else:
            yield Plugin("probe", name, package, [], probe)


def _panels() -> Iterator[Plugin]:
    from mav_engine.terminal import registry

    for name, found in registry.plugins().items():
        panel = registry.taken(found)
        if isinstance(panel, str):
            yield Plugin("panel", name, found.package, [], panel)
        else:
            yield Plugin("panel", name, found.package, list(panel.capture), None)


def _backends() -> Iterator[Plugin]:
    from mav_engine.backends import plugins as backends

    for name, found in backends.plugins().items():
        loaded = found.take(backends.check)
        failed = loaded if isinstance(loaded, str) else None
        yield Plugin("backend", name, found.package, found.requires, failed)
