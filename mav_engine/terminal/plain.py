"""Replacements for characters that a terminal's encoding lacks, of the same width."""

from __future__ import annotations

import codecs
import sys
from io import TextIOWrapper

STAND_INS = "mav-stand-ins"
_OF = str.maketrans(
    {"·": ".", "…": "~", "–": "-", "−": "-", "≈": "~", "×": "x", "▸": ">", "⋮": ":", "∅": "0"}
    | {"’": "'"}
    | {
        "␣": "_",
        "↵": "$",
        "⇥": ">",
        "⏎": ">",
        "←": "<",
        "⍽": "_",
        "σ": "s",
        "‖": "|",
        "→": ">",
        "✓": "+",
        "✗": "x",
    }
    | dict.fromkeys("▏▎▍▌▋▊▉█▇▆▅▄▃▂▓▒", "#")
)


def use_stand_ins() -> None:
    """Let standard output replace characters that its encoding lacks."""
    codecs.register_error(STAND_INS, _stand_in)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors=STAND_INS)


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_OF)
    return "".join(each if each.isascii() else "?" for each in text), error.end
