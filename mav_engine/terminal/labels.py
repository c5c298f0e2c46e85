"""Text of a model on somebody's terminal: nothing that it says may steer the terminal."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

_NAMED = {"\n": "↵", "\t": "⇥", " ": "␣"}
_PLAIN = {"\n": "\\n", "\t": "\\t", " ": "_"}


def label(text: str, *, blocks: bool = True) -> str:
    """A token on one line, with what cannot be seen made visible."""
    named = _NAMED if blocks else _PLAIN
    return "".join(named.get(each) or _safe(each, blocks) for each in text) or "∅"


def fitted(text: str, width: int) -> str:
    """Exactly so many cells wide; what is cut off is told by an ellipsis."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, max(0, width - 1)) + "…" if width > 0 else ""


def prose(text: str, *, blocks: bool = True) -> str:
    """Text of several lines; control characters become visible, tabs become spaces."""
    return "".join("    " if each == "\t" else _prose(each, blocks) for each in text)


def _prose(each: str, blocks: bool) -> str:
    return each if each == "\n" else _safe(each, blocks)


def _safe(each: str, blocks: bool) -> str:
    """Controls (escape sequences begin with one) and, on old terminals, all but ASCII."""
    if each.isprintable() and (blocks or each.isascii()):
        return each
    code = ord(each)
    # Joiners and marks of direction: part of the text where they stand, of no width.
    if each in "\u200d\ufe0f\u200c":
        return each if blocks else ""
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
