"""Text of a model for a terminal, without control characters."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from mav_engine import characters
from mav_engine.characters import Part

_ASCII_MARKS = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def label(text: str, *, blocks: bool = True) -> str:
    """A token on one line with all characters visible; ASCII without `blocks`."""
    if blocks:
        return characters.label(text) or "∅"
    return "".join(map(_ascii_label, characters.parts(text))) or "∅"


def _ascii_label(part: Part) -> str:
    if part.kind == "space":
        return _ASCII_MARKS.get(part.raw, "_")
    return _ascii(characters.legible(part.raw))


def fitted(text: str, width: int) -> str:
    """The text in exactly this many cells, shortened with an ellipsis."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, max(0, width - 1)) + "…" if width > 0 else ""


def prose(text: str, *, blocks: bool = True) -> str:
    """Text of several lines: tabs become four spaces, invisible characters their names."""
    shown = characters.legible(text).replace("\t", "    ")
    return shown if blocks else _ascii(shown)


def _ascii(text: str) -> str:
    """The text in ASCII, for old terminals."""
    return "".join(" " if each.isspace() and each != "\n" else _escaped(each) for each in text)


def _escaped(each: str) -> str:
    code = ord(each)
    if code < 0x80:
        return each
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
