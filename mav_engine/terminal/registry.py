"""The terminal panels by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint

from mav_engine.errors import InvalidSettings
from mav_engine.settings import Tile
from mav_engine.terminal.view import TerminalPanel

GROUP = "mav_engine.terminal_panels"
"""Panels enter as entry points of this group."""

BUILT_IN = {
    name: f"mav_engine.terminal.panels.{name}:PANEL"
    for name in (
        "generated_text",
        "top_predictions",
        "output_distribution",
        "mlp_activations",
        "attention_entropy",
        "resid_norms",
        "logit_lens",
        "attention_heads",
        "tiles",
    )
}
DEFAULT_PANELS = tuple(BUILT_IN)[:5]
"""OpenMAV's panels, in its order."""


def names() -> tuple[str, ...]:
    """Every panel that can be selected."""
    return tuple(BUILT_IN)


def panels_of(selected: Sequence[str]) -> list[TerminalPanel]:
    """The panels of these names, in this order, each once.

    Raises:
        InvalidSettings: there is none of a name, or no name at all.
    """
    if not selected:
        raise InvalidSettings(
            f"No panel is selected. Known: {', '.join(names())}.", field="selected_panels"
        )
    return [_panel(name) for name in dict.fromkeys(selected)]


def _panel(name: str) -> TerminalPanel:
    if name not in BUILT_IN:
        near = difflib.get_close_matches(name.lower().replace("-", "_"), names(), n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise InvalidSettings(
            f"There is no panel named {name!r:.80}.{hint} Known: {', '.join(names())}.",
            field="selected_panels",
        )
    panel: TerminalPanel = EntryPoint(name, BUILT_IN[name], GROUP).load()
    return panel


def captured_by(panels: Iterable[TerminalPanel]) -> list[str]:
    """The probes that these panels need."""
    return list(dict.fromkeys(name for panel in panels for name in panel.capture))


def tile_of(panels: Iterable[TerminalPanel]) -> Tile:
    """The tiles that these panels draw."""
    sizes = [panel.tile for panel in panels if panel.tile is not None]
    return Tile(height=sizes[0][0], width=sizes[0][1]) if sizes else Tile()
