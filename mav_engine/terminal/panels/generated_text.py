"""The text so far, with the shown token marked."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from mav_engine.terminal.labels import label, prose
from mav_engine.terminal.rows import CHOSEN
from mav_engine.terminal.view import Lines, TerminalPanel, View

_MEASURE = Console(width=80, color_system=None, legacy_windows=False)
"""Used to wrap lines only."""


def _draw(view: View, width: int, height: int) -> Lines:
    limit = view.options.limit_chars
    before = prose(view.text, blocks=view.blocks)
    text = Text(("…" if len(before) > limit else "") + before[len(before) - limit :])
    said = prose(view.token.text, blocks=view.blocks)
    # A token without visible text (end-of-text, part of a character).
    shown = said if said.strip() else label(view.token.token.text, blocks=view.blocks)
    text.append(shown, style=f"{CHOSEN} reverse")
    lines = list(text.wrap(_MEASURE, max(1, width)))
    return lines[len(lines) - height :] if len(lines) > height else lines


def _caption(view: View) -> str:
    token = view.token
    rank = "rank unknown" if token.rank is None else f"rank {token.rank}"
    given = "given" if token.forced else rank
    logprob = "unknown" if token.logprob is None else f"{token.logprob:.2f}"
    return f"{given} · logprob {logprob}"


PANEL = TerminalPanel(
    name="generated_text",
    title="Generated text",
    about="The text, with the shown token marked.",
    draw=_draw,
    rows=lambda _: 8,
    caption=_caption,
)
