"""Creates all files of an exploration in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from mav_engine.explore import heatmaps, probabilities, style
from mav_engine.explore.explored_run import ExploredRun
from mav_engine.explore.folder import TRACE
from mav_engine.explore.report import report
from mav_engine.explore.table import tokens_csv
from mav_engine.explore.trace import trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class ArtifactOptions:
    """Options of the files."""

    attn_every: int = 0
    """A picture of attention every N steps; 0 is off."""
    probs_every: int = 10
    """A picture of the prediction every N steps; 0 is off."""
    template: str | None = None
    """The template of the standalone page; None leaves the report out."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Command line options that are written to the trace."""


def artifacts(
    runs: list[ExploredRun],
    wanted: ArtifactOptions,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, bytes]:
    """The files by name, the trace first.

    Args:
        runs: one run, or two that stand side by side in every picture.
        progress: called with the name of each picture before it is drawn.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    style.require()
    files: dict[str, bytes] = {}
    for place, each in enumerate(runs):
        beside = "_compare" if place else ""
        files[f"output{beside}.txt"] = _text(each).encode()
        if wanted.template is not None:
            files[f"report{beside}.html"] = report(wanted.template, each.record)
    files["tokens.csv"] = tokens_csv(runs)
    with style.drawing():
        files |= _pictures(runs, wanted, progress)
    return {TRACE: trace(runs, wanted.options, wanted.attn_every, [TRACE, *files])} | files


def _text(run: ExploredRun) -> str:
    """Prompt and output, as in Model Interpret Explorer."""
    return run.text_before(run.steps + 1)


def _pictures(
    runs: list[ExploredRun], wanted: ArtifactOptions, progress: Callable[[str], None]
) -> Iterator[tuple[str, bytes]]:
    longest = max(each.steps for each in runs)

    plans: list[tuple[str, Callable[[], Figure | None]]] = [
        ("final_step_token_probs", partial(probabilities.picture, runs, None)),
        ("prompt_attention_heatmap", partial(heatmaps.picture, runs, 1, of_prompt=True)),
    ]
    plans += [
        (f"probs_step_{step}", partial(probabilities.picture, runs, step))
        for step in _every(wanted.probs_every, longest)
    ]
    plans += [
        (f"attn_step_{step}", partial(heatmaps.picture, runs, step))
        for step in _every(wanted.attn_every, longest)
    ]
    for name, draw in plans:
        progress(f"{name}.png")
        figure = draw()
        if figure is not None:
            yield from ((f"{name}.{kind}", data) for kind, data in style.files_of(figure).items())


def _every(number: int, last: int) -> range:
    return range(number, last + 1, number) if number else range(0)
