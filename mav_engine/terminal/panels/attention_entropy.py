"""How spread out the heads of each layer look: their mean, and the one that looks widest."""

from __future__ import annotations

import math

from rich.text import Text

from mav_engine.contract.arrays import Floats
from mav_engine.terminal.bars import Scale, bar, number
from mav_engine.terminal.labels import fitted
from mav_engine.terminal.rows import ACCENT, QUIET, absent, bar_length, within
from mav_engine.terminal.view import Lines, TerminalPanel, View


def _draw(view: View, width: int, height: int) -> Lines:
    entropies = view.token.layers.attn_entropy
    if entropies is None:
        return absent("not captured in this run")
    scale = _scale(view)
    length = bar_length(view, width - len(f"L{len(entropies)}") - 9)
    rows = [_row(view, layer, heads, scale, length) for layer, heads in enumerate(entropies)]
    return within(rows, height)


def _row(view: View, layer: int, heads: Floats, scale: Scale, length: int) -> Text:
    names = len(f"L{(view.start.model.layers or 1) - 1}")
    line = Text(f"{f'L{layer}':<{names}} ", style=QUIET)
    known = [float(each) for each in heads if not math.isnan(each)]
    if not known:
        return line.append("– no such part")
    mean = sum(known) / len(known)
    drawn = bar(scale.share(mean), length, blocks=view.blocks)
    line.append(drawn, style=f"{ACCENT} not dim")
    widest = round(scale.share(max(known)) * length)
    dots = fitted(("·" if view.blocks else ".") * max(0, widest - len(drawn)), length - len(drawn))
    return line.append(dots).append(f" {number(mean):>6}", style="default not dim")


def _scale(view: View) -> Scale:
    """To the entropy that a head could have at the run's last token, so that it never moves."""
    keys = len(view.prompt.tokens) - view.prompt.written + view.start.settings.max_new_tokens
    context = view.start.model.context
    highest = math.log(max(2, keys if context is None else min(keys, context)))
    if view.options.scale == "linear":
        return Scale(0.0, highest)
    known = [
        float(each)
        for token in view.scaled
        if token.layers.attn_entropy is not None
        for each in token.layers.attn_entropy.flat
        if not math.isnan(each)
    ]
    return Scale.over(min(known, default=0.0), max(known, default=highest), view.options.scale)


PANEL = TerminalPanel(
    name="attention_entropy",
    title="Attention entropy",
    about="How widely the heads of each layer look: their mean, and dots up to the widest.",
    draw=_draw,
    rows=lambda view: view.start.model.layers or 1,
    caption=lambda view: f"nats, mean ···widest · {_scale(view)}",
    capture=("attention_entropy",),
)
