"""`report.html`: one file that replays a run in the site's instrument, without a server."""

from __future__ import annotations

from pathlib import Path

from mav_engine.contract.events import to_json
from mav_engine.results.result import RunRecord

TEMPLATE = "replay.html"
"""The standalone page without a recording, in the built site."""
PLACEHOLDER = "__MAV_RECORDING__"
NO_VIEW = 'data-view=""'
"""The attribute of the template with the initial view; frontend/lib/recording."""
_BESIDE = "output-distribution.layer-norms.attention-entropy"


def template_in(site: Path) -> str | None:
    """The template of the page; None if the site is not built.

    Raises:
        OSError: it cannot be read.
    """
    path = site / TEMPLATE
    page = path.read_text("utf-8") if path.is_file() else ""
    return page if PLACEHOLDER in page else None


def report(template: str, record: RunRecord) -> bytes:
    """The page of a run (docs/recordings.md); shows attention if it was captured."""
    lines = "\n".join(to_json(event).decode() for event in record.events)
    # So that it cannot end the script element; in JSON it only occurs in strings.
    held = "\n" + lines.replace("<", "\\u003c") + "\n"
    view = f'data-view="{_view(record)}"'
    page = template.replace(NO_VIEW, view, 1)
    return page.replace(PLACEHOLDER, held, 1).encode()


def _view(record: RunRecord) -> str:
    """The query string that opens these panels; empty for the default ones."""
    if record.prompt is None or record.prompt.attention_map is None:
        return ""
    by_rows = any(token.attention_rows is not None for token in record.tokens)
    attention = "attention-text" if by_rows else "attention-maps"
    return f"panels=generated-text.top-predictions.{attention}.{_BESIDE}"
