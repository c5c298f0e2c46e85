"""Panels of other people's, `PanelBase`, among those of the terminal."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from rich.console import Console
from rich.segment import Segment
from rich.text import Text

from mav_engine.arrays import Floats
from mav_engine.settings import DEFAULT_PROBES
from mav_engine.terminal.panel_base import Measurements, PanelBase
from mav_engine.terminal.view import Lines, TerminalPanel, View

_ROWS = 12
"""Rows that such a panel would like to have; nobody asks it."""
_BESIDE, _SHORTEST = 24, 8
"""Columns that names and numbers take beside a bar, and how long bars are at least allowed."""
_NOTHING: Mapping[int, Floats] = {}


def custom_panel(
    kind: type[PanelBase],
    *,
    name: str | None = None,
    logits: Mapping[int, Floats] = _NOTHING,
) -> TerminalPanel:
    """A terminal panel that makes a `PanelBase` for each moment and draws what it gives.

    Args:
        kind: the class; what it raises stands in its box, and the run goes on.
        name: as it is selected; the class's own where not given.
        logits: [vocabulary] of each token by its index, as far as they are known.
    """

    def draw(view: View, width: int, height: int) -> Lines:
        room = max(_SHORTEST, min(view.options.max_bar_length, width - _BESIDE))
        told = measurements_of(view, logits.get(view.token.index), room)
        made = _made(kind, told, room, view.options.limit_chars)
        # The box is labelled after it is drawn, and only now does its panel have a title.
        object.__setattr__(panel, "title", str(made.title))
        return _lines(made.get_panel_content(), width)[:height]

    panel = TerminalPanel(
        name=name or kind.__name__,
        title=kind.__name__,
        about=(inspect.getdoc(kind) or f"{kind.__module__}.{kind.__name__}").partition("\n")[0],
        draw=draw,
        rows=lambda _: _ROWS,
        capture=tuple(DEFAULT_PROBES),
    )
    return panel


def measurements_of(view: View, logits: Floats | None, room: int) -> Measurements:
    """What OpenMAV's panels read, of one moment; bars are at most `room` long."""
    token = view.token
    layers = view.start.model.layers or 0
    mlp = _layer_means(token.layers.mlp_norm, layers)
    entropy = _layer_means(token.layers.attn_entropy, layers)
    keys = len(view.prompt.tokens) + view.start.settings.max_new_tokens
    scale = view.scale("mlp_norm")
    top = token.top[:20]
    return Measurements(
        mlp_activations=mlp,
        mlp_normalized=np.array([room * scale.share(each) for each in np.nan_to_num(mlp)]),
        attention_entropy_values=entropy,
        attention_entropy_values_normalized=np.nan_to_num(entropy) * room / math.log(max(2, keys)),
        generated_text=view.text,
        predicted_char=token.text,
        next_token_probs=None if logits is None else _tensor(_softmax(logits)),
        top_ids=_tensor(np.array([row.id for row in top])),
        top_probs=_tensor(np.array([row.prob for row in top], dtype=np.float32)),
        logits=None if logits is None else _tensor(logits[None, None]),
        decoded_tokens=[row.text for row in top],
    )


def _made(kind: type[PanelBase], measurements: Measurements, *sizes: int) -> PanelBase:
    build: Any = kind
    try:
        inspect.signature(build).bind(measurements, *sizes)
    except TypeError:
        return cast(PanelBase, build(measurements))
    return cast(PanelBase, build(measurements, *sizes))


def _lines(content: Any, width: int) -> Lines:
    """Anything that rich can draw, as lines of text."""
    console = Console(width=max(1, width), height=200, color_system="truecolor", highlight=False)
    drawn = console.render_lines(content, console.options.update(width=max(1, width)), pad=False)
    return [_line(segments) for segments in drawn]


def _line(segments: list[Segment]) -> Text:
    kept = [each for each in segments if not each.control]
    return Text.assemble(*((each.text, each.style or "") for each in kept))


def _layer_means(values: Floats | None, layers: int) -> np.ndarray:
    """[n_layers]; of heads the mean of those that are there."""
    if values is None:
        return np.full(layers, np.nan, dtype=np.float32)
    if values.ndim == 1:
        return values
    known = (~np.isnan(values)).sum(axis=1)
    totals = np.nan_to_num(values).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known > 0, totals / np.maximum(known, 1), np.nan))


def _softmax(logits: Floats) -> Floats:
    shares = np.exp(logits - logits.max())
    probs: Floats = shares / shares.sum()
    return probs


def _tensor(values: np.ndarray) -> Any:
    torch = sys.modules.get("torch")
    return values if torch is None else torch.from_numpy(values.copy())
