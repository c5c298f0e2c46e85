"""How invisible characters are shown.

`frontend/lib/text/characters.ts` has the same rules for the site; `tests/characters.json` tests
both.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, NamedTuple

PartKind = Literal["text", "space", "code", "mark"]

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_COMBINING = frozenset({"Mn", "Mc", "Me"})
_DRAWN_FORMAT = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
"""Signs before Arabic and Kaithi numbers: visible, although of the category format."""
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Default_Ignorable_Code_Point, except those that are found by category."""
_JOINERS = frozenset("\u200c\u200d")
"""Change the form of the characters around them: Persian words, emoji families."""
_SELECTOR = re.compile("[\ufe00-\ufe0f\u180b-\u180d\u180f]")
"""Select a variant of the character before: emoji, Mongolian, ideographs."""
_IDEOGRAPHIC_SELECTOR = re.compile("[\U000e0100-\U000e01ef]")
_FLAG_TAGS = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
"""The flags of England, Scotland and Wales, the only use of tag letters."""


_SPACES = {"\n": "↵", "\t": "⇥", "\r": "←", "\u00a0": "⍽", "\u202f": "⍽"}
"""Visible marks of white space; all other spaces get the one of the ordinary space."""

DOTTED_CIRCLE = "\u25cc"
"""The base for combining marks without a letter."""

_SPACES_BEFORE = "[\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
_FORMULA = re.compile(f"'*(?:[\t\r]|{_SPACES_BEFORE}*[=+@\uff1d\uff0b\uff0d\uff20-])")
"""Texts that a spreadsheet may evaluate, and texts that look like an escaped one."""
_NOT_EXCHANGED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]"
)
"""Controls other than tab and line breaks, lone surrogates, noncharacters."""


class Part(NamedTuple):
    """Characters of one kind.

    `text` is shown unchanged, a `space` as a visible mark, a `code` by its name (`U+200D`), and a
    `mark`, combining marks without a letter, on a dotted circle.
    """

    kind: PartKind
    raw: str


def code_of(character: str) -> str:
    """The code point as Unicode writes it."""
    return f"U+{ord(character):04X}"


def parts(text: str) -> list[Part]:
    """Split the text; the `raw` of all parts concatenate to the text."""
    made: list[Part] = []
    # The last visible character, and whether an invisible one has changed it.
    base, selected = "", False
    at = 0
    while at < len(text):
        character, after = text[at], text[at + 1 : at + 2]
        if flag := _FLAG_TAGS.match(text, at):
            _add(made, "text", flag[0])
            at = flag.end()
            base, selected = character, True
            continue
        if _is_space(character):
            _add(made, "space", character)
            base, selected = "", False
        elif not _is_unseen(character):
            combining = unicodedata.category(character) in _COMBINING
            alone = combining and (not base or (bool(made) and made[-1].kind == "mark"))
            _add(made, "mark" if alone else "text", character)
            base, selected = character, False
        elif _is_part_of_writing(character, base, selected, after):
            _add(made, "text", character)
            selected = True
        else:
            _add(made, "code", character)
            base, selected = "", False
        at += 1
    return made


def label(text: str) -> str:
    """A token on one line, every character visible; an empty token stays empty."""
    made = parts(text)
    shown = "".join(
        _SPACES.get(each.raw, "␣") if each.kind == "space" else _legible(each) for each in made
    )
    # Combining marks on a dotted circle are hard to tell apart.
    only_marks = len(made) == 1 and made[0].kind == "mark"
    return " ".join([shown, *map(code_of, text)]) if only_marks else shown


def legible(text: str) -> str:
    """The text with spaces unchanged and all other invisible characters by name.

    The result is safe in terminals and XML.
    """
    return "".join(map(_legible, parts(text)))


def table_text(text: str) -> str:
    """A text as a field of a CSV file, before its quotes.

    Spreadsheets evaluate texts that begin with `=`, `+`, `-` or `@`, even after white space. Such a
    text gets a leading apostrophe, and so does one that begins with a tab or carriage return. To
    restore the text, remove one apostrophe that precedes such a text. Controls other than tab and
    line breaks, lone surrogates and noncharacters, which some readers refuse or drop, are replaced
    by their names (`U+0000`).
    """
    shown = _NOT_EXCHANGED.sub(lambda found: code_of(found[0]), text)
    return f"'{shown}" if _FORMULA.match(shown) else shown


def _legible(part: Part) -> str:
    if part.kind == "code":
        return code_of(part.raw)
    if part.raw == "\r":
        return _SPACES[part.raw]
    return f"{DOTTED_CIRCLE}{part.raw}" if part.kind == "mark" else part.raw


def _add(made: list[Part], kind: PartKind, raw: str) -> None:
    if made and made[-1].kind == kind and kind in ("text", "mark"):
        made[-1] = Part(kind, made[-1].raw + raw)
    else:
        made.append(Part(kind, raw))


def _is_space(character: str) -> bool:
    return character in "\n\t\r\u2800" or unicodedata.category(character) == "Zs"


def _is_unseen(character: str) -> bool:
    if character in _DRAWN_FORMAT or _is_space(character):
        return False
    category = unicodedata.category(character)
    return category in _UNSEEN or bool(_IGNORABLE.match(character))


def _is_part_of_writing(character: str, base: str, selected: bool, after: str) -> bool:
    """Whether an invisible character changes the characters around it."""
    if not base:
        return False
    if character in _JOINERS:
        drawn = bool(after) and not _is_space(after) and not _is_unseen(after)
        return drawn and unicodedata.category(after) not in _COMBINING
    if selected:
        return False
    if _SELECTOR.match(character):
        return True
    return bool(_IDEOGRAPHIC_SELECTOR.match(character)) and unicodedata.category(base) == "Lo"
