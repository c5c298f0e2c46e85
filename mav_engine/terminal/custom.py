"""Adapts `PanelBase` subclasses to terminal panels."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Mapping
from copy import copy
from typing import Any, cast

import numpy as np
from rich.box import ASCII
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.segment import Segment
from rich.text import Text

from mav_engine.contract.arrays import Floats
from mav_engine.settings import DEFAULT_PROBES
from mav_engine.terminal.panel_base import Measurements, PanelBase
from mav_engine.terminal.view import Lines, TerminalPanel, View

_ROWS = 12
"""Preferred rows of content, since the class does not specify them."""
_EDGES = 4
"""Columns of a box's border and padding."""
_BESIDE, _SHORTEST = 24, 8
"""Columns for names and numbers next to a bar, and the minimum length of bars."""
_NOTHING: Mapping[int, Floats] = {}


def custom_panel(
    kind: type[PanelBase],
    *,
    name: str | None = None,
    logits: Mapping[int, Floats] = _NOTHING,
) -> TerminalPanel:
    """A terminal panel that constructs a `PanelBase` for each token and shows its `get_panel()`.

    Args:
        kind: the class. Its exceptions are shown in its box.
        name: the name that selects it; the name of the class by default.
        logits: [vocabulary] by token index, as far as they are known.
    """

    def draw_box(view: View, width: int, height: int) -> RenderableType:
        longest = max(_SHORTEST, min(view.options.max_bar_length, width - _EDGES - _BESIDE))
        measurements = measurements_of(view, logits.get(view.token.index), longest)
        sizes = {"max_bar_length": longest, "limit_chars": view.options.limit_chars}
        box = _constructed(kind, measurements, sizes).get_panel()
        if isinstance(box, Panel):
            # A copy, since a panel may return the same object for every token.
            box = copy(box)
            box.width, box.height = width, height
            box.box = box.box if view.blocks else ASCII
        return Group(*_lines(box, width)[:height])

    return TerminalPanel(
        name=name or kind.__name__,
        title=kind.__name__,
        about=(inspect.getdoc(kind) or f"{kind.__module__}.{kind.__name__}").partition("\n")[0],
        draw=lambda *_: [],
        rows=lambda _: _ROWS,
        capture=tuple(DEFAULT_PROBES),
        draw_box=draw_box,
    )


def snake_case(name: str) -> str:
    """The name by which OpenMAV selects an instance of a class: `entropy_fire` of `EntropyFire`."""
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name).lstrip("_")


def measurements_of(view: View, logits: Floats | None, room: int) -> Measurements:
    """OpenMAV's measurements of the shown token; bars are at most `room` long."""
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


def _constructed(
    kind: type[PanelBase], measurements: Measurements, sizes: Mapping[str, int]
) -> PanelBase:
    """Construct a panel, with the size keywords that its constructor accepts."""
    build: Any = kind
    parameters = inspect.signature(build).parameters.values()
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        taken = dict(sizes)
    else:
        by_keyword = {each.name for each in parameters if each.kind is not each.POSITIONAL_ONLY}
        taken = {name: size for name, size in sizes.items() if name in by_keyword}
    return cast(PanelBase, build(measurements, **taken))


def _lines(content: Any, width: int) -> Lines:
    """Any rich renderable as lines of text."""
    console = Console(width=max(1, width), height=200, color_system="truecolor", highlight=False)
    drawn = console.render_lines(content, console.options.update(width=max(1, width)), pad=False)
    return [_line(segments) for segments in drawn]


def _line(segments: list[Segment]) -> Text:
    kept = [each for each in segments if not each.control]
    return Text.assemble(*((each.text, each.style or "") for each in kept))


def _layer_means(values: Floats | None, layers: int) -> np.ndarray:
    """[n_layers]; for heads their mean without NaN."""
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
