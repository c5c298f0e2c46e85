"""`report.html`: one file that replays a run in the site's own instrument, without a server."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mav_engine.events import Event, to_json

TEMPLATE = "replay.html"
"""The standalone page without a recording, in the built site."""
PLACEHOLDER = "__MAV_RECORDING__"
_PANELS = 'data-panels=""'
WITH_ATTENTION = (
    "generated-text.top-predictions.attention-maps.output-distribution.layer-norms."
    "attention-entropy"
)


def template_in(site: Path) -> str | None:
    """The page that holds no recording yet; None where the site is not built.

    Raises:
        OSError: it is there, but cannot be read.
    """
    path = site / TEMPLATE
    page = path.read_text("utf-8") if path.is_file() else ""
    return page if PLACEHOLDER in page else None


def report(template: str, events: Iterable[Event], panels: str = "") -> bytes:
    """The page of a run (docs/recordings.md); opens with these panels, as a link names them."""
    lines = "\n".join(to_json(event).decode() for event in events)
    # So HTML cannot take it for the end of its script; in JSON it stands in strings only.
    held = "\n" + lines.replace("<", "\\u003c") + "\n"
    page = template.replace(_PANELS, f'data-panels="{panels}"', 1)
    return page.replace(PLACEHOLDER, held, 1).encode()
