"""The shape of the prediction over the whole vocabulary: probability by rank."""

from __future__ import annotations

from itertools import pairwise

from rich.text import Text

from mav_engine.contract.events import Distribution
from mav_engine.terminal.bars import bar
from mav_engine.terminal.labels import fitted
from mav_engine.terminal.rows import ACCENT, QUIET, absent, bar_length
from mav_engine.terminal.view import Lines, TerminalPanel, View


def _draw(view: View, width: int, height: int) -> Lines:
    distribution = view.token.distribution
    if distribution is None:
        return absent("not captured in this run")
    lines = [_figures(distribution)]
    names = _names(view.start.rank_bin_edges)
    masses = [float(mass) for mass in distribution.rank_bins]
    room = height - len(lines)
    shown = len(masses) if len(masses) <= room else max(0, room - 1)
    widest = max(len(name) for name in names)
    length = bar_length(view, width - widest - 9)
    for name, mass in list(zip(names, masses, strict=True))[:shown]:
        line = Text(f"{name:>{widest}} ", style=QUIET)
        line.append(fitted(bar(mass, length, blocks=view.blocks), length), f"{ACCENT} not dim")
        line.append(f" {mass:>7.2%}", style="default not dim")
        lines.append(line)
    if shown < len(masses) and room > 0:
        lines.append(Text(f"{sum(masses[shown:]):.2%} beyond", style=QUIET))
    return lines


def _figures(distribution: Distribution) -> Text:
    return Text(f"{distribution.entropy:.2f} nats ", style="bold").append(
        f"≈ {distribution.effective_tokens:.1f} tokens · {distribution.kept} kept",
        style="not bold dim",
    )


def _rows(view: View) -> int:
    distribution = view.token.distribution
    return 1 + (0 if distribution is None else min(11, len(distribution.rank_bins)))


def _names(edges: list[int]) -> list[str]:
    pairs = pairwise(edges)
    return [str(low) if high - low == 1 else f"{low}–{high - 1}" for low, high in pairs]


PANEL = TerminalPanel(
    name="output_distribution",
    title="Output distribution",
    about="Probability by rank over the whole vocabulary, and its entropy.",
    draw=_draw,
    rows=_rows,
    capture=("distribution",),
    caption=lambda _: "share by rank",
)
