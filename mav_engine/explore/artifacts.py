"""All files of an exploration, made in memory: what is written is written whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from mav_engine.explore import heatmaps, look, probabilities
from mav_engine.explore.folder import TRACE
from mav_engine.explore.report import report
from mav_engine.explore.seen import Seen
from mav_engine.explore.table import tokens_csv
from mav_engine.explore.trace import trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is made besides what is always made."""

    attn_every: int = 0
    """A picture of attention every so many steps; 0 is off."""
    probs_every: int = 10
    """A picture of the prediction every so many steps; 0 is off."""
    template: str | None = None
    """The standalone page without a recording; None leaves the report out."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the trace tells of the command line."""


def artifacts(
    seen: list[Seen], wanted: Wanted, tell: Callable[[str], None] = lambda _: None
) -> dict[str, bytes]:
    """The files by name, the trace first.

    Args:
        seen: one run, or two that stand side by side in every picture.
        tell: is told each name before that file is made, since pictures take their time.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    look.require()
    files: dict[str, bytes] = {}
    for place, each in enumerate(seen):
        beside = "_compare" if place else ""
        files[f"output{beside}.txt"] = _text(each).encode()
        if wanted.template is not None:
            files[f"report{beside}.html"] = report(wanted.template, each.record)
    files["tokens.csv"] = tokens_csv(seen)
    with look.drawing():
        files |= _pictures(seen, wanted, tell)
    return {TRACE: trace(seen, wanted.options, wanted.attn_every, [TRACE, *files])} | files


def _text(seen: Seen) -> str:
    """Prompt and text, as Model Interpret Explorer writes them."""
    return seen.text_before(seen.steps + 1)


def _pictures(
    seen: list[Seen], wanted: Wanted, tell: Callable[[str], None]
) -> Iterator[tuple[str, bytes]]:
    longest = max(each.steps for each in seen)

    plans: list[tuple[str, Callable[[], Figure | None]]] = [
        ("final_step_token_probs", partial(probabilities.picture, seen, None)),
        ("prompt_attention_heatmap", partial(heatmaps.picture, seen, 1, of_prompt=True)),
    ]
    plans += [
        (f"probs_step_{step}", partial(probabilities.picture, seen, step))
        for step in _every(wanted.probs_every, longest)
    ]
    plans += [
        (f"attn_step_{step}", partial(heatmaps.picture, seen, step))
        for step in _every(wanted.attn_every, longest)
    ]
    for name, draw in plans:
        tell(f"{name}.png")
        figure = draw()
        if figure is not None:
            yield from ((f"{name}.{kind}", data) for kind, data in look.files_of(figure).items())


def _every(number: int, last: int) -> range:
    return range(number, last + 1, number) if number else range(0)
