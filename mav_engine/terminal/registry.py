"""The terminal panels by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint

from rich.console import Console
from rich.text import Text

from mav_engine.errors import InvalidSettings
from mav_engine.plugins import Found, entries
from mav_engine.settings import Tile
from mav_engine.terminal.panel_base import PanelBase
from mav_engine.terminal.view import TerminalPanel
from mav_engine.wording import did_you_mean, shown

GROUP = "mav_engine.terminal_panels"
"""Panels enter as entry points of this group."""

_MEASURE = Console(width=80, color_system=None, legacy_windows=False)
"""Only wraps lines; nothing is written to it."""
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
    """Every panel that can be selected, built-ins first; no plugin is imported for it."""
    return (*BUILT_IN, *plugins())


def plugins() -> dict[str, Found]:
    """The panels of other packages, by name."""
    return entries(GROUP, frozenset(BUILT_IN))


def taken(found: Found) -> TerminalPanel | str:
    """A plugin's panel; or why it cannot be taken."""
    from mav_engine.terminal.custom import custom_panel

    loaded = found.take(_check)
    if isinstance(loaded, str | TerminalPanel):
        return loaded
    return custom_panel(loaded, name=found.name)


def _check(loaded: object) -> str | None:
    """Why what a plugin names is no panel, or None."""
    if isinstance(loaded, type) and issubclass(loaded, PanelBase):
        return None
    return None if isinstance(loaded, TerminalPanel) else f"{loaded!r:.80} is no panel"


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
    if name in plugins():
        panel = taken(plugins()[name])
        return _broken(name, panel) if isinstance(panel, str) else panel
    if name not in BUILT_IN:
        hint = did_you_mean(name.lower().replace("-", "_"), names())
        raise InvalidSettings(
            f"There is no panel named {shown(name)}.{hint} Known: {', '.join(names())}.",
            field="selected_panels",
        )
    built_in: TerminalPanel = EntryPoint(name, BUILT_IN[name], GROUP).load()
    return built_in


def _broken(name: str, reason: str) -> TerminalPanel:
    """In the place of a plugin that cannot be taken, why."""
    return TerminalPanel(
        name=name,
        title=name,
        about=reason,
        draw=lambda _view, width, _height: list(Text(reason, "red").wrap(_MEASURE, width)),
        rows=lambda _: 4,
    )


def captured_by(panels: Iterable[TerminalPanel]) -> list[str]:
    """The probes that these panels need."""
    return list(dict.fromkeys(name for panel in panels for name in panel.capture))


def tile_of(panels: Iterable[TerminalPanel]) -> Tile:
    """The tiles that these panels draw."""
    sizes = [panel.tile for panel in panels if panel.tile is not None]
    return Tile(height=sizes[0][0], width=sizes[0][1]) if sizes else Tile()
