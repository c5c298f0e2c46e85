"""`python -m bench`: what looking inside costs, beside plain `model.generate()`."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bench import costs, report, results, speed
from bench.models import SHAPES, Shape
from bench.threads import use_threads

PARTS = [*(row.name for row in speed.ROWS), "costs"]


def main(
    only: Annotated[
        list[str] | None, typer.Option(help=f"A part alone; repeatable: {', '.join(PARTS)}.")
    ] = None,
    shape: Annotated[
        list[str] | None,
        typer.Option(help=f"A model alone; repeatable: {', '.join(each.name for each in SHAPES)}."),
    ] = None,
    length: Annotated[
        list[int] | None,
        typer.Option(help="New tokens; repeatable. Else 32, 128, and 512 on the small model."),
    ] = None,
    rounds: Annotated[int, typer.Option(help="Alternating rounds of each row.", min=1)] = 5,
    threads: Annotated[int, typer.Option(help="Threads that a model may use.", min=1)] = 2,
    save: Annotated[
        bool, typer.Option(help="Write docs/figures/speed.json, for `make figures`.")
    ] = False,
) -> None:
    """Print the figures as Markdown. All lengths on all models: --length 32 --length 128
    --length 512, which takes half an hour."""
    use_threads(threads)
    parts = _known("--only", only, PARTS)
    names = _known("--shape", shape, [each.name for each in SHAPES])
    shapes = [each for each in SHAPES if each.name in names]
    measured = results.circumstances(rounds, threads)
    print(report.heading(measured), end="\n\n")
    speeds: list[speed.Speed] = []
    figures: list[costs.Cost] = []
    with tempfile.TemporaryDirectory() as made:
        places = [(each, each.folder(Path(made))) for each in shapes]
        if set(parts) - {"costs"}:
            speeds = _speeds(places, length, rounds, parts)
            print(report.speeds(speeds), end="\n\n")
        if "costs" in parts:
            figures = [cost for place in places for cost in costs.of_shape(*place, rounds)]
            figures += costs.of_starting(rounds)
            print(report.costs(figures))
    if save:
        results.save(
            "speed",
            measured,
            speeds=[each.as_json() for each in speeds],
            costs=[asdict(each) for each in figures],
        )


def _speeds(
    places: list[tuple[Shape, Path]], length: list[int] | None, rounds: int, parts: list[str]
) -> list[speed.Speed]:
    measured: list[speed.Speed] = []
    for shape, folder in places:
        lengths = length or ([32, 128] if shape.large else [32, 128, 512])
        measured += speed.measure(shape, folder, lengths, rounds, parts)
    return measured


def _known(option: str, given: list[str] | None, known: list[str]) -> list[str]:
    for name in given or []:
        if name not in known:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(known)}", param_hint=option)
    return given or known


if __name__ == "__main__":
    typer.run(main)
