"""The line above the panels: model and position."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from mav_engine.characters import legible
from mav_engine.terminal.bars import number
from mav_engine.terminal.labels import fitted
from mav_engine.terminal.view import View


def headline(badge: str, view: View, place: str, width: int) -> Text:
    """The model's name and details, and on the right the position and duration of the shown
    token."""
    model = view.start.model
    full = legible(model.name)
    facts = [
        f"{number(model.parameters / 1e6)}M" if model.parameters else "",
        f"{model.layers} layers" if model.layers else "",
        f"{model.heads} heads" if model.heads else "",
        model.dtype or "",
        model.device or "",
    ]
    timing = f" · {view.token.timing.step_ms:.1f} ms"
    room = width - cell_len(full) - len(place) - len(timing) - len(badge) - 8
    if room < 0:
        room, timing = room + len(timing), ""
    name = full if room >= 0 else fitted(full, max(8, cell_len(full) + room))
    known = [each for each in facts if each]
    while known and len(" · ".join(known)) >= room:
        known.pop()
    about = " · ".join(known)
    head = Text.assemble((f" {badge} ", "bold reverse cyan"), " ", (name, "bold"))
    head.append(f"  {about}", style="dim").append(" " * max(0, room - len(about) + 1))
    return head.append(place, style="bold").append(timing, style="dim")
