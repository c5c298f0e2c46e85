"""What the model could have said: its own probability and logit, and what a control cut."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from mav_engine.characters import legible
from mav_engine.contract.events import Candidate
from mav_engine.terminal.bars import bar
from mav_engine.terminal.labels import fitted, label
from mav_engine.terminal.rows import ACCENT, CHOSEN, QUIET, bar_length
from mav_engine.terminal.view import Lines, TerminalPanel, View

PICKS = 10
"""Rows that a key can pick: 1 to 9, and 0 for the tenth."""


def _draw(view: View, width: int, height: int) -> Lines:
    rows = view.token.top[:height]
    widest = max((cell_len(label(row.text)) for row in rows), default=0) + 1
    names = max(4, min(12, widest, width - 16))
    reasons = max((len(row.cut_by or "") + 1 for row in rows if row.cut_by), default=0)
    length = bar_length(view, width - names - 16)
    if length >= reasons + 10:
        length = bar_length(view, width - names - 16 - reasons)
    return [_row(view, place, row, names, length, width) for place, row in enumerate(rows)]


def _row(view: View, place: int, row: Candidate, names: int, length: int, width: int) -> Text:
    token = view.token.token
    said = row.text == token.text if token.id is None else row.id == token.id
    key = str((place + 1) % 10) if view.picking and place < PICKS else " "
    mark = ("▸" if view.blocks else ">") if said else " "
    line = Text(f"{key}{mark}", style=CHOSEN if said else QUIET)
    name = fitted(label(row.text, blocks=view.blocks), names)
    line.append(name, style=CHOSEN if said else QUIET if row.cut_by else "not dim")
    line.append(f" {row.prob:>6.1%} ", style=CHOSEN if said else "not dim")
    drawn = bar(row.prob, length, blocks=view.blocks)
    line.append(fitted(drawn, length), style="yellow" if said else f"{ACCENT} not dim")
    logit = "–" if row.logit is None else f"{row.logit:.1f}"
    line.append(f" {logit:>5}", style=QUIET)
    if row.cut_by is not None:
        reason = legible(row.cut_by)
        if line.cell_len + cell_len(reason) < width:
            line.append(f" {reason}", style=QUIET)
    return line


def _caption(view: View) -> str:
    bound = view.token.entropy_bound
    return "prob · logit" if bound is None else f"prob · entropy at least {bound:.2f} nats"


PANEL = TerminalPanel(
    name="top_predictions",
    title="Top predictions",
    about="The likeliest tokens with probability and logit, before any sampling control.",
    draw=_draw,
    rows=lambda view: min(12, len(view.token.top)),
    caption=_caption,
    capture=("predictions",),
)
