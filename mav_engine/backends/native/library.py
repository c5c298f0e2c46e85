"""The compiled pass: the build of it that this processor can run, if there is one.

It is compiled where the package is installed (`setup.py`), for some kinds of processors at once.
Where there is no compiler there is no build, and numpy does the same.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any, cast

BUILDS = ("_llama_avx512", "_llama_avx2", "_llama")
"""From the fastest on; `_llama` is that of other kinds of processors."""
LANES, PANEL = 16, 32
"""A head's half is a whole number of `LANES`, and what a product puts out one of `PANEL`s."""

_floats = ctypes.c_void_p


class Layer(ctypes.Structure):
    """Addresses of one block's weights; panels are what `panels()` makes."""

    _fields_ = (
        ("qkv", _floats), ("out", _floats), ("gate_up", _floats), ("down", _floats),
        ("before_attention", _floats), ("before_mlp", _floats),
    )  # fmt: skip


class Model(ctypes.Structure):
    """Sizes, and the addresses of what is no layer's own."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in (
            "layers", "width", "heads", "kv_heads", "head_dim", "inner", "outputs", "halves",
        )),
        ("cosines", _floats), ("sines", _floats), ("last_norm", _floats),
        ("head", _floats), ("layer", ctypes.POINTER(Layer)),
        ("epsilon", ctypes.c_float), ("scaling", ctypes.c_float),
    )  # fmt: skip


class Left(ctypes.Structure):
    """Addresses of what a pass leaves."""

    _fields_ = (
        ("keys", ctypes.c_int64),
        *((name, _floats) for name in (
            "resid", "attn_out", "mlp_out", "pattern", "logits", "scratch",
        )),
    )  # fmt: skip


Pass = Callable[[Any, int, int, Any], None]
"""(model by reference, rows, address of [rows, 5] integers, what is left by reference)."""


@cache
def compiled_pass() -> Pass | None:
    """The pass for this processor; None where none was built for it."""
    return next(iter(passes().values()), None)


def passes() -> dict[str, Pass]:
    """Every build that this processor can run, the fastest first."""
    folder = Path(__file__).parent
    places = [folder / (name + suffix) for name in BUILDS for suffix in EXTENSION_SUFFIXES]
    opened = {place.name.split(".")[0]: _opened(place) for place in places if place.exists()}
    return {name: found for name, found in opened.items() if found is not None}


def _opened(place: Path) -> Pass | None:
    try:
        library = ctypes.CDLL(str(place))
    except OSError:  # built for another system
        return None
    if not library.mav_runs_here():
        return None
    made = library.mav_llama_pass
    made.argtypes = (
        ctypes.POINTER(Model), ctypes.c_int64, ctypes.c_void_p, ctypes.POINTER(Left),
    )  # fmt: skip
    made.restype = None
    return cast(Pass, made)
