"""Characters that cannot be seen have names, the same ones here and on the site.

`tests/characters.json` is what Python's rules give; the site's tests hold its own rules to it.
`python -m tests.engine.test_characters` writes it after a change of the rules.
"""

from __future__ import annotations

import csv
import io
import json
import string
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mav_engine.characters import label, legible, parts, table_text

SHARED = Path(__file__).parents[1] / "characters.json"

FAMILY = "👨\u200d👩\u200d👧"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
TEXTS = [
    " a", "a b\n", "\r\n", "\t\t", "\u00a0", "\u3000a", "\u2800", "\x1b[31m", "\x9b31m",
    "\u202egnp.exe",
    "\u2067\u2069", "a\u200eb", "\u200d", "\u200b", "\ufeff", "\u00ad", "\u2060", "\ufe0f",
    "\u0301", "\u0301\u0302", "\u0301a", " \u0301", "e\u0301", "\u094d\u0930", "नमस्ते",
    FAMILY, f" {FAMILY}",
    "\u200d👩", "👨\u200d", "a\u200d\u200db", "❤\ufe0f", "1\ufe0f\u20e3", "a\ufe0f\ufe0f",
    "葛\U000e0100", "a\U000e0100", "👋🏽", "🇩🇪", ENGLAND, ENGLAND[:-1],
    f"a{ENGLAND}b", f"{ENGLAND}\ufe0f", "a\U000e0067", "\u200b\u0301",
    "می\u200cشود", "شود\u200c",
    "می\u200c شود", "\ud800", "\ud83d", "\uffff", "\ufdd0", "\U0010ffff", "\ue000", "\u3164",
    "\u0600", "\ufff9a\ufffb", "a\0b",
]  # fmt: skip
CELLS = [
    "", "a", "=1+1", " =1+1", "\u3000=1", "+1", "-2+3", "@SUM(1)", "\t", "\n=1", "\r\n", "'", "'s",
    "'=1", "''-1", "＝1", "－1", "a=1", "1-2", "a\0b", "\f", "\x85", "\uffff", "\ud800", "\u200b=1",
    "a,b", 'a"b', " a",
]  # fmt: skip


_CODES = [
    *range(0x32000), *range(0xE0000, 0xE0200), *range(0xF0000, 0xF0100),
    *range(0x10FF00, sys.maxunicode + 1),
]  # fmt: skip
"""All of Unicode but the middle of planes that are empty or private."""


def shared() -> dict[str, Any]:
    """The rules as data: kinds of single characters in ranges, then texts, then cells."""
    ranges: list[list[Any]] = []
    for code, kind in _kinds():
        if ranges and ranges[-1][1] == code - 1 and ranges[-1][2] == kind:
            ranges[-1][1] = code
        else:
            ranges.append([code, code, kind])
    return {"ranges": ranges, "texts": _texts(), "cells": _cells()}


def _texts() -> list[list[Any]]:
    return [
        [_units(text), [[part.kind, _units(part.raw)] for part in parts(text)]] for text in TEXTS
    ]


def _cells() -> list[list[Any]]:
    return [[_units(text), table_text(text)] for text in CELLS]


def _kinds() -> Iterator[tuple[int, str]]:
    """Of all that Python 3.11's Unicode has assigned; later versions assign more."""
    for code in _CODES:
        if unicodedata.category(chr(code)) != "Cn":
            yield code, parts(chr(code))[0].kind


def _units(text: str) -> list[int]:
    """UTF-16, in which a lone surrogate can stand in a file."""
    data = text.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def test_the_shared_file_has_the_parts_of_texts_and_the_ends_of_ranges() -> None:
    written = json.loads(SHARED.read_text(encoding="utf-8"))
    assert written["texts"] == _texts()
    assert written["cells"] == _cells()
    for first, last, kind in written["ranges"]:
        assert [parts(chr(code))[0].kind for code in (first, last)] == [kind, kind], hex(first)


def test_the_shared_file_has_the_kind_of_every_character() -> None:
    written = json.loads(SHARED.read_text(encoding="utf-8"))
    for first, last, kind in written["ranges"]:
        assert {parts(chr(code))[0].kind for code in range(first, last + 1)} == {kind}, hex(first)
    covered = {code for first, last, _ in written["ranges"] for code in range(first, last + 1)}
    old = unicodedata.ucd_3_2_0
    assert not {code for code in _CODES if old.category(chr(code)) != "Cn"} - covered


@pytest.mark.parametrize("text", TEXTS)
def test_the_parts_of_a_text_are_the_text(text: str) -> None:
    assert "".join(part.raw for part in parts(text)) == text


def test_every_unseen_character_has_a_mark_or_a_name() -> None:
    unseen = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    drawn = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    characters = [chr(code) for code in _CODES]
    without_name = [
        each
        for each in characters
        if unicodedata.category(each) in unseen
        and each not in drawn
        and label(each) not in (f"U+{ord(each):04X}", "↵", "⇥", "←")
    ]
    assert without_name == []
    spaces = [each for each in characters if unicodedata.category(each) == "Zs"]
    assert {label(each) for each in spaces} == {"␣", "⍽"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u200d", "U+200D"),
        (FAMILY, FAMILY),
        ("👩\u200d", "👩U+200D"),
        ("\u202egnp.exe", "U+202Egnp.exe"),
        ("\u0301", "\u25cc\u0301 U+0301"),
        ("\u00a0x\u3000", "⍽x␣"),
        ("\r\n", "←↵"),
        ("\x1b]0;owned\x07", "U+001B]0;ownedU+0007"),
        ("می\u200cشود", "می\u200cشود"),
    ],
)
def test_a_label(text: str, shown: str) -> None:
    assert label(text) == shown


def test_printable_ascii_is_shown_as_it_is() -> None:
    text = string.digits + string.ascii_letters + string.punctuation
    assert label(text) == legible(text) == text


def test_prose_keeps_spaces_and_line_breaks() -> None:
    text = "a\u00a0b\u3000c\n\td"
    assert legible(text) == text
    assert legible("a\rb") == "a←b"
    assert legible("a\x1b[2J\u202e") == "aU+001B[2JU+202E"


@pytest.mark.parametrize("text", CELLS)
def test_a_cell_is_no_formula_and_can_be_taken_back(text: str) -> None:
    cell = table_text(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert not cell.startswith(("\t", "\r"))
    file = io.StringIO(newline="")
    csv.writer(file).writerow([cell])
    assert next(csv.reader(io.StringIO(file.getvalue(), newline=""))) == [cell]
    assert file.getvalue().encode()
    given = cell[1:] if cell.startswith("'") and table_text(cell[1:]) == cell else cell
    named = "".join(
        each if table_text(f"a{each}")[1:] == each else f"U+{ord(each):04X}" for each in text
    )
    assert given == named


if __name__ == "__main__":
    SHARED.write_text(json.dumps(shared(), separators=(",", ":")) + "\n", encoding="utf-8")
