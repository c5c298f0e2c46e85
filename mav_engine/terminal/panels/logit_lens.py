"""What each layer would say, were it the last."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from mav_engine.contract.events import LensRow
from mav_engine.terminal.bars import bar
from mav_engine.terminal.labels import fitted, label
from mav_engine.terminal.rows import ACCENT, CHOSEN, QUIET, absent, bar_length, within
from mav_engine.terminal.view import Lines, TerminalPanel, View


def _draw(view: View, width: int, height: int) -> Lines:
    lens = view.token.logit_lens
    if lens is None:
        return absent("not captured in this run")
    names = min(12, max(cell_len(label(row.text)) for row in lens) + 1)
    layers = len(f"L{len(lens) - 1}")
    length = bar_length(view, width - layers - names - 18)
    rows = [_row(view, f"{f'L{i}':<{layers}} ", row, names, length) for i, row in enumerate(lens)]
    return within(rows, height)


def _row(view: View, layer: str, row: LensRow, names: int, length: int) -> Text:
    said = row.id == view.token.token.id
    line = Text(layer, style=QUIET)
    name = fitted(label(row.text, blocks=view.blocks), names)
    line.append(name, style=f"{CHOSEN} not dim" if said else "not dim")
    prob = "–" if row.prob is None else f"{row.prob:.1%}"
    line.append(f" {prob:>6} ", style="not dim")
    drawn = fitted(bar(row.prob or 0, length, blocks=view.blocks), length)
    line.append(drawn, style=f"{'yellow' if said else ACCENT} not dim")
    return line.append(f" rank {row.rank}" if length else "")


PANEL = TerminalPanel(
    name="logit_lens",
    title="Logit lens",
    about="What each layer's residual stream would say, and the emitted token's rank there.",
    draw=_draw,
    rows=lambda view: view.start.model.layers or 1,
    caption=lambda _: "norm and unembed each resid_post",
    capture=("logit_lens",),
)
