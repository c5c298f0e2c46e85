"""The size of the residual stream after each layer: what OpenMAV called MLP activations."""

from __future__ import annotations

from mav_engine.terminal.rows import absent, layer_rows, within
from mav_engine.terminal.view import Lines, TerminalPanel, View


def _draw(view: View, width: int, height: int) -> Lines:
    values = view.token.layers.resid_norm
    if values is None:
        return absent("not captured in this run")
    names = ["embed", *(f"L{layer}" for layer in range(len(values) - 1))]
    named = zip(names, map(float, values), strict=True)
    return within(layer_rows(view, named, view.scale("resid_norm"), width), height)


def _caption(view: View) -> str:
    return f"resid_post, {view.start.settings.aggregation} · {view.scale('resid_norm')}"


PANEL = TerminalPanel(
    name="resid_norms",
    title="Residual stream",
    about="Size of the residual stream at the embedding and after each layer (resid_post).",
    draw=_draw,
    rows=lambda view: (view.start.model.layers or 0) + 1,
    caption=_caption,
    capture=("residual",),
)
