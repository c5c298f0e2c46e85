"""The size of what each MLP block writes into the residual stream."""

from __future__ import annotations

from mav_engine.terminal.rows import absent, layer_rows, within
from mav_engine.terminal.view import Lines, TerminalPanel, View


def _draw(view: View, width: int, height: int) -> Lines:
    values = view.token.layers.mlp_norm
    if values is None:
        return absent("not captured in this run")
    named = [(f"L{layer}", float(value)) for layer, value in enumerate(values)]
    return within(layer_rows(view, named, view.scale("mlp_norm"), width), height)


PANEL = TerminalPanel(
    name="mlp_activations",
    title="MLP activations",
    about="Size of each MLP block's true output (mlp_out), by layer.",
    draw=_draw,
    rows=lambda view: view.start.model.layers or 1,
    caption=lambda view: f"mlp_out, {view.start.settings.aggregation} · {view.scale('mlp_norm')}",
    capture=("mlp",),
)
