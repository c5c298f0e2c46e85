"""The compiled forward pass of a Llama, where there is a build for this processor.

Otherwise numpy computes it.
"""

from __future__ import annotations

import ctypes
import weakref
from functools import cache
from typing import Any

from mav_engine.backends.inference.kernels.native.builds import builds

PANEL = 32
"""The outputs of a product must be a multiple of it, and half a head one of `LANES`."""

FLOAT32, FLOAT16 = 0, 1
"""Formats of the panels."""

_floats = ctypes.c_void_p


class Layer(ctypes.Structure):
    """Addresses of the weights of one block: panels of its four products, and its norms."""

    _fields_ = (
        ("qkv", _floats), ("out", _floats), ("gate_up", _floats), ("down", _floats),
        ("before_attention", _floats), ("before_mlp", _floats),
    )  # fmt: skip


class Model(ctypes.Structure):
    """Sizes, and the addresses of all layers, tables and the unembedding."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in (
            "layers", "width", "heads", "kv_heads", "head_dim", "inner", "outputs", "format",
        )),
        ("cosines", _floats), ("sines", _floats), ("last_norm", _floats),
        ("head", _floats), ("layer", ctypes.POINTER(Layer)),
        ("epsilon", ctypes.c_float), ("scaling", ctypes.c_float),
    )  # fmt: skip


class OutputAddresses(ctypes.Structure):
    """Addresses of the outputs of a pass."""

    _fields_ = (
        ("keys", ctypes.c_int64),
        *((name, _floats) for name in (
            "resid", "attn_out", "mlp_out", "pattern", "logits", "scratch",
        )),
    )  # fmt: skip


class LlamaBuild:
    """One build."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        arguments = (
            ctypes.POINTER(Model),
            ctypes.c_int64,
            ctypes.c_void_p,
            ctypes.POINTER(OutputAddresses),
        )
        _declare(library.mav_llama_pass, arguments, None)
        _declare(library.mav_worker_new, (), ctypes.c_void_p)
        _declare(library.mav_worker_begin, (ctypes.c_void_p, *arguments), ctypes.c_int)
        _declare(library.mav_worker_wait, (ctypes.c_void_p,), ctypes.c_double)
        _declare(library.mav_worker_end, (ctypes.c_void_p,), None)

    def __call__(self, model: Model, rows: int, row: int, outputs: OutputAddresses) -> None:
        """Decode a token of each row; `row` is the address of [rows, 6] integers."""
        self._library.mav_llama_pass(model, rows, row, outputs)

    def worker(self) -> Worker:
        """A thread for background passes."""
        return Worker(self._library)


class Worker:
    """A thread without the GIL that computes passes, one at a time."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._handle = library.mav_worker_new()
        if self._handle is not None:
            self._end = weakref.finalize(self, library.mav_worker_end, self._handle)

    def begin(self, model: Model, rows: int, row: int, outputs: OutputAddresses) -> bool:
        """Begin a pass; False where no thread could be started.

        Until `wait` returns, its arrays must not be moved or freed, and no other pass of the model
        may begin.
        """
        handle = self._handle
        return handle is not None and self._library.mav_worker_begin(
            handle, model, rows, row, outputs
        )

    def wait(self) -> float:
        """Wait for the pass; returns the seconds that it took."""
        seconds: float = self._library.mav_worker_wait(self._handle)
        return seconds


def _declare(function: Any, arguments: tuple[Any, ...], result: Any) -> None:
    function.argtypes, function.restype = arguments, result


@cache
def llama_build() -> LlamaBuild | None:
    """The fastest build for this processor; None where there is none."""
    return next(iter(llama_builds().values()), None)


def llama_builds() -> dict[str, LlamaBuild]:
    """Every build that this processor can run, the fastest first."""
    return {name: LlamaBuild(library) for name, library in builds("llama").items()}
