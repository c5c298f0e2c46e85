"""The linear products of the decoders without torch, for each type in which weights are held.

A weight is read piece by piece, and each piece is converted at once, so a model needs no more
memory while it is loaded than afterwards. Weights in the blocks of a GGUF file stay in them.
Products and sums are float32 in every type but int8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from mav_engine.backends.inference.kernels.blas import LARGEST
from mav_engine.backends.inference.kernels.blocks_numpy import BLOCK_BYTES, to_float32
from mav_engine.backends.inference.kernels.int8_numpy import NumpyInt8Product, quantized
from mav_engine.backends.inference.kernels.native.blocks import (
    CompiledBlocksProduct,
    blocks_build,
)
from mav_engine.backends.inference.kernels.native.builds import LANES
from mav_engine.backends.inference.kernels.native.halves import (
    CompiledHalvesProduct,
    halves_build,
)
from mav_engine.backends.inference.kernels.native.int8 import LANES as INT8_LANES
from mav_engine.backends.inference.kernels.native.int8 import CompiledInt8Product, int8_build
from mav_engine.backends.inference.kernels.native.products import CompiledProduct, products_build
from mav_engine.contract.arrays import Floats

WeightType = Literal["float32", "float16", "bfloat16", "int8"]
_AT_ONCE = 2**20
"""Weights that are widened at once where no product was compiled."""
_SMALLEST_PIECE = 64
"""Outputs of a product; with fewer, several threads are faster."""
_IN_CACHE = 2**22
"""Weights that fit in a processor's cache. For a few rows of those, several threads gain less than
they lose where other processes interrupt them, since they wait for each other in a busy loop."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """A weight in the blocks of a GGUF file."""

    kind: str
    """One of `native.blocks.KINDS`."""
    shape: tuple[int, int]
    bytes: np.ndarray
    """uint8 [outputs, bytes of a row]."""

    def rows(self, wanted: np.ndarray | slice) -> Floats:
        """[rows, inputs] of these outputs in float32."""
        stored = self.bytes[wanted]
        size = BLOCK_BYTES[self.kind]
        return to_float32(stored.reshape(-1, size), self.kind).reshape(len(stored), -1)


class Matrix(Protocol):
    """A weight [outputs, inputs] that is read piece by piece."""

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of outputs and inputs."""

    @property
    def exact(self) -> WeightType:
        """The smallest float type that holds all its numbers, as far as it is known."""

    def pieces(self) -> Iterator[Floats]:
        """[some outputs, inputs] in float32, one after the other."""

    @property
    def in_blocks(self) -> bool:
        """Whether it is stored in blocks of a type that has a product."""

    def blocks(self) -> Blocks:
        """All of it in its blocks; only where `in_blocks`."""


class Table(Protocol):
    """Rows of floats, such as the embedding."""

    @property
    def nbytes(self) -> int:
        """Bytes that it holds in memory."""

    def __getitem__(self, rows: np.ndarray, /) -> Floats:
        """[rows, d] in float32."""


class NumpyProduct(Protocol):
    """A product that holds its weight."""

    nbytes: int
    """Bytes of the weight."""
    table: Table | None
    """The rows of the weight; None where it does not hold them as floats."""
    scales: Floats | None
    """[outputs] the float value of one step of each output, of int8 weights."""

    def __call__(self, x: Floats) -> Floats:
        """[rows, outputs] of rows [rows, inputs]."""


def numpy_product(
    matrices: Sequence[Matrix],
    biases: Sequence[Floats] = (),
    *,
    wanted: WeightType,
    threads: int,
) -> NumpyProduct:
    """One product for weights with the same input: their outputs, concatenated.

    Args:
        matrices: the weights.
        biases: the bias of each, or none at all.
        wanted: the type of the weights. In float32, weights that 16 bits hold exactly are held in
            them, and weights that are stored in blocks stay in them, which changes no number.
        threads: number of threads.
    """
    shape = (sum(each.shape[0] for each in matrices), matrices[0].shape[1])
    bias = np.concatenate(biases) if biases else None
    if wanted == "float32" and all(each.in_blocks for each in matrices):
        return _BlocksProduct([each.blocks() for each in matrices], bias, threads)
    pieces = (piece for matrix in matrices for piece in matrix.pieces())
    if wanted == "int8":
        return _Int8Product(pieces, shape, bias, threads)
    held = _held(matrices, wanted)
    if held == "float32":
        weight = np.empty(shape, np.float32)
        for part, piece in _placed(weight, pieces):
            part[:] = piece
        return FloatProduct(weight, bias, threads)
    return _HalvesProduct(pieces, shape, bias, threads, brain=held == "bfloat16")


def numpy_table(matrix: Matrix, wanted: WeightType) -> Table:
    """The rows of a weight; `wanted` as in `numpy_product`, but no int8."""
    if wanted == "float32" and matrix.in_blocks:
        return BlocksTable(matrix.blocks())
    held = _held([matrix], wanted)
    if held == "float32":
        return np.concatenate(list(matrix.pieces()))
    numbers = np.empty(matrix.shape, np.uint16)
    for part, piece in _placed(numbers, matrix.pieces()):
        part[:] = _narrowed(piece, brain=held == "bfloat16")
    return HalvesTable(numbers, brain=held == "bfloat16")


def _held(matrices: Sequence[Matrix], wanted: WeightType) -> WeightType:
    """The type in which weights are held so that they have the values of the wanted type."""
    exact = {each.exact for each in matrices}
    if wanted == "float32" and len(exact) == 1 and halves_build() is not None:
        return exact.pop()
    return wanted


def rounded_to(values: Floats, wanted: WeightType) -> Floats:
    """float32 numbers, rounded to a 16-bit type where that is wanted."""
    if wanted in ("float32", "int8"):
        return values
    brain = wanted == "bfloat16"
    return _widened(_narrowed(values, brain=brain), brain=brain)


class FloatProduct:
    """The product with a weight [outputs, inputs] in float32, which it reads in place."""

    scales: Floats | None = None

    def __init__(self, weight: Floats, bias: Floats | None, threads: int) -> None:
        self._weight, self._bias = weight, bias
        self.table: Table | None = weight
        self.nbytes = weight.nbytes
        compiled = products_build() if weight.shape[1] % LANES == 0 else None
        self._compiled = (
            None if compiled is None else CompiledProduct(compiled, weight, bias, threads)
        )

    def __call__(self, x: Floats) -> Floats:
        if self._compiled is not None:
            return self._compiled(x)
        y = _multiplied(x, self._weight)
        return y if self._bias is None else y + self._bias


def _multiplied(x: Floats, weight: Floats) -> Floats:
    """[rows, outputs] of x [rows, inputs] and a weight [outputs, inputs], by numpy."""
    outputs, inputs = weight.shape
    size = LARGEST // (len(x) * inputs)
    if not _SMALLEST_PIECE <= size < outputs or weight.size > _IN_CACHE:
        made: Floats = x @ weight.T
        return made
    parts = [x @ weight[begin : begin + size].T for begin in range(0, outputs, size)]
    return np.concatenate(parts, axis=1)


class _HalvesProduct:
    scales: Floats | None = None

    def __init__(
        self,
        pieces: Iterable[Floats],
        shape: tuple[int, int],
        bias: Floats | None,
        threads: int,
        *,
        brain: bool,
    ) -> None:
        numbers = np.empty(shape, np.uint16)
        for part, piece in _placed(numbers, pieces):
            part[:] = _narrowed(piece, brain=brain)
        self._numbers, self._bias, self._brain = numbers, bias, brain
        self.table: Table | None = HalvesTable(numbers, brain=brain)
        self.nbytes = numbers.nbytes
        compiled = halves_build() if shape[1] % LANES == 0 else None
        self._compiled = (
            None
            if compiled is None
            else CompiledHalvesProduct(compiled, numbers, bias, threads, brain=brain)
        )

    def __call__(self, x: Floats) -> Floats:
        if self._compiled is not None:
            return self._compiled(x)
        outputs, inputs = self._numbers.shape
        y = np.empty((len(x), outputs), np.float32)
        step = max(1, _AT_ONCE // inputs)
        for begin in range(0, outputs, step):
            part = slice(begin, begin + step)
            y[:, part] = x @ _widened(self._numbers[part], brain=self._brain).T
        return y if self._bias is None else y + self._bias


class HalvesTable:
    """Rows of float16 or bfloat16 numbers.

    Args:
        numbers: their bits, uint16 [rows, d].
        brain: whether they are bfloat16.
    """

    def __init__(self, numbers: np.ndarray, *, brain: bool) -> None:
        self._numbers, self._brain = numbers, brain
        self.nbytes = numbers.nbytes

    def __getitem__(self, rows: np.ndarray, /) -> Floats:
        return _widened(self._numbers[rows], brain=self._brain)


class _BlocksProduct:
    scales: Floats | None = None

    def __init__(self, weights: Sequence[Blocks], bias: Floats | None, threads: int) -> None:
        self._weights, self._bias = weights, bias
        self.table: Table | None = BlocksTable(weights[0]) if len(weights) == 1 else None
        self.nbytes = sum(each.bytes.nbytes for each in weights)
        build = blocks_build()
        given = [(each.kind, each.bytes) for each in weights]
        self._compiled = (
            None
            if build is None
            else CompiledBlocksProduct(build, given, weights[0].shape[1], bias, threads)
        )

    def __call__(self, x: Floats) -> Floats:
        if self._compiled is not None:
            return self._compiled(x)
        y = np.empty((len(x), sum(each.shape[0] for each in self._weights)), np.float32)
        reached = 0
        for weight in self._weights:
            outputs, inputs = weight.shape
            step = max(1, _AT_ONCE // inputs)
            for begin in range(0, outputs, step):
                end = min(begin + step, outputs)
                part = weight.rows(slice(begin, end))
                y[:, reached + begin : reached + end] = x @ part.T
            reached += outputs
        return y if self._bias is None else y + self._bias


class BlocksTable:
    """Rows of a weight in blocks."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self.nbytes = blocks.bytes.nbytes

    def __getitem__(self, rows: np.ndarray, /) -> Floats:
        return self._blocks.rows(rows)


class _Int8Product:
    table: Table | None = None

    def __init__(
        self,
        pieces: Iterable[Floats],
        shape: tuple[int, int],
        bias: Floats | None,
        threads: int,
    ) -> None:
        numbers, scales = np.empty(shape, np.int8), np.empty(shape[0], np.float32)
        placed = 0
        for part, piece in _placed(numbers, pieces):
            part[:], scales[placed : placed + len(piece)] = quantized(piece)
            placed += len(piece)
        self.scales: Floats | None = scales
        self.nbytes = numbers.nbytes + scales.nbytes
        build = int8_build() if shape[1] % INT8_LANES == 0 else None
        self._multiply = (
            NumpyInt8Product(numbers, scales, bias)
            if build is None
            else CompiledInt8Product(build, numbers, scales, bias, threads)
        )

    def __call__(self, x: Floats) -> Floats:
        return self._multiply(x)


def _placed(whole: np.ndarray, pieces: Iterable[Floats]) -> Iterator[tuple[np.ndarray, Floats]]:
    """Each piece with its part of the whole."""
    begin = 0
    for piece in pieces:
        yield whole[begin : begin + len(piece)], piece
        begin += len(piece)


def _narrowed(values: Floats, *, brain: bool) -> np.ndarray:
    """The bits of the nearest float16 or bfloat16 numbers, as torch rounds them."""
    if not brain:
        with np.errstate(over="ignore"):
            return values.astype(np.float16).view(np.uint16)
    bits = np.ascontiguousarray(values).view(np.uint32)
    nearest = (bits + np.uint32(0x7FFF) + (bits >> 16 & 1)) >> 16
    return np.where(np.isnan(values), 0x7FC0, nearest).astype(np.uint16)


def _widened(bits: np.ndarray, *, brain: bool) -> Floats:
    if not brain:
        return bits.view(np.float16).astype(np.float32)
    widened: Floats = (bits.astype(np.uint32) << 16).view(np.float32)
    return widened
