"""Weights in the blocks of GGUF files, converted to float32 by numpy.

A block holds whole numbers of a few bits and what they are multiplied by. Those of the types `_K`
have 256 numbers in groups of 16 or 32, each with a scale of its own, and a scale of the scales.
Format: ggml-quants.c of llama.cpp.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from mav_engine.contract.arrays import Floats

_LEVELS_IQ4 = np.array(
    [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.float32
)
"""The numbers of IQ4_NL and IQ4_XS."""


def to_float32(blocks: np.ndarray, kind: str) -> Floats:
    """[n, numbers in a block] of the bytes of n blocks, uint8 [n, bytes of a block].

    Args:
        blocks: the bytes.
        kind: one of `READABLE`.
    """
    # A broken file may have infinite scales; the run reports what is not finite.
    with np.errstate(over="ignore", invalid="ignore"):
        converted: Floats = READABLE[kind](np.ascontiguousarray(blocks))
    return converted


def _half(blocks: np.ndarray, at: int) -> Floats:
    """[n, 1] the float16 number at a byte of each block."""
    numbers: Floats = np.ascontiguousarray(blocks[:, at : at + 2]).view("<f2").astype(np.float32)
    return numbers


def _plain(kind: str) -> Callable[[np.ndarray], Floats]:
    def converted(blocks: np.ndarray) -> Floats:
        numbers: Floats = blocks.view(kind).astype(np.float32)
        return numbers

    return converted


def _bf16(blocks: np.ndarray) -> Floats:
    return (blocks.view("<u2").astype(np.uint32) << 16).view(np.float32)


def _nibbles(blocks: np.ndarray) -> np.ndarray:
    """[n, 2 m] the low halves of m bytes, then the high ones."""
    return np.concatenate([blocks & 15, blocks >> 4], axis=1)


def _fifth_bits(blocks: np.ndarray) -> np.ndarray:
    """[n, 32] the bits of four bytes."""
    return np.unpackbits(blocks, axis=1, bitorder="little")


def _q4_0(blocks: np.ndarray) -> Floats:
    made: Floats = _half(blocks, 0) * (_nibbles(blocks[:, 2:]).astype(np.float32) - 8)
    return made


def _q4_1(blocks: np.ndarray) -> Floats:
    made: Floats = _half(blocks, 0) * _nibbles(blocks[:, 4:]).astype(np.float32) + _half(blocks, 2)
    return made


def _q5_0(blocks: np.ndarray) -> Floats:
    numbers = _nibbles(blocks[:, 6:]) | (_fifth_bits(blocks[:, 2:6]) << 4)
    made: Floats = _half(blocks, 0) * (numbers.astype(np.float32) - 16)
    return made


def _q5_1(blocks: np.ndarray) -> Floats:
    numbers = _nibbles(blocks[:, 8:]) | (_fifth_bits(blocks[:, 4:8]) << 4)
    made: Floats = _half(blocks, 0) * numbers.astype(np.float32) + _half(blocks, 2)
    return made


def _q8_0(blocks: np.ndarray) -> Floats:
    made: Floats = _half(blocks, 0) * blocks[:, 2:].view(np.int8).astype(np.float32)
    return made


def _two_bits(blocks: np.ndarray) -> np.ndarray:
    """[n, 256] numbers of two bits in 64 bytes: each 32 bytes hold 4 times 32 numbers."""
    shifts = np.array([0, 2, 4, 6], np.uint8)[:, None]
    return (blocks.reshape(-1, 2, 1, 32) >> shifts & 3).reshape(len(blocks), 256)


def _q2_k(blocks: np.ndarray) -> Floats:
    scales = blocks[:, :16]
    factors = _half(blocks, 80) * (scales & 15).astype(np.float32)
    subtracted = _half(blocks, 82) * (scales >> 4).astype(np.float32)
    numbers = _two_bits(blocks[:, 16:80]).reshape(-1, 16, 16).astype(np.float32)
    made: Floats = factors[:, :, None] * numbers - subtracted[:, :, None]
    return made.reshape(len(blocks), 256)


def _q3_k(blocks: np.ndarray) -> Floats:
    # The high bits of 256 numbers are in 32 bytes: bit i of byte j is that of number 32 i + j.
    shifts = np.arange(8, dtype=np.uint8)[:, None]
    high = (blocks[:, None, :32] >> shifts & 1).reshape(len(blocks), 256)
    numbers = (_two_bits(blocks[:, 32:96]) | (high << 2)).astype(np.float32) - 4
    packed = blocks[:, 96:108]
    low = np.concatenate([packed[:, :8] & 15, packed[:, :8] >> 4], axis=1)
    shifts = np.array([0, 2, 4, 6], np.uint8)[:, None]
    top = (packed[:, None, 8:] >> shifts & 3).reshape(len(blocks), 16)
    factors = _half(blocks, 108) * ((low | (top << 4)).astype(np.float32) - 32)
    made: Floats = factors[:, :, None] * numbers.reshape(-1, 16, 16)
    return made.reshape(len(blocks), 256)


def _groups_of_32(blocks: np.ndarray) -> tuple[Floats, Floats]:
    """[n, 8, 1] what the numbers of each group of a Q4_K or Q5_K are multiplied by, and what is
    subtracted then. Both are packed, in six bits each, into twelve bytes."""
    first, second, third = blocks[:, 4:8], blocks[:, 8:12], blocks[:, 12:16]
    scales = np.concatenate([first & 63, (third & 15) | (first >> 6 << 4)], axis=1)
    lowest = np.concatenate([second & 63, (third >> 4) | (second >> 6 << 4)], axis=1)
    factors = _half(blocks, 0) * scales.astype(np.float32)
    subtracted = _half(blocks, 2) * lowest.astype(np.float32)
    return factors[:, :, None], subtracted[:, :, None]


def _four_bits(blocks: np.ndarray) -> np.ndarray:
    """[n, 8, 32] numbers of four bits in 128 bytes: each 32 bytes hold 2 times 32 numbers."""
    shifts = np.array([0, 4], np.uint8)[:, None]
    return (blocks.reshape(-1, 4, 1, 32) >> shifts & 15).reshape(-1, 8, 32)


def _q4_k(blocks: np.ndarray) -> Floats:
    factors, subtracted = _groups_of_32(blocks)
    made: Floats = factors * _four_bits(blocks[:, 16:]).astype(np.float32) - subtracted
    return made.reshape(len(blocks), 256)


def _q5_k(blocks: np.ndarray) -> Floats:
    factors, subtracted = _groups_of_32(blocks)
    high = blocks[:, None, 16:48] >> np.arange(8, dtype=np.uint8)[:, None] & 1
    numbers = _four_bits(blocks[:, 48:]) | (high << 4)
    made: Floats = factors * numbers.astype(np.float32) - subtracted
    return made.reshape(len(blocks), 256)


def _q6_k(blocks: np.ndarray) -> Floats:
    # Each half of a block has 64 bytes of low and 32 of high bits for 128 numbers.
    low = (blocks[:, :128].reshape(-1, 2, 1, 64) >> np.array([0, 4], np.uint8)[:, None]) & 15
    shifts = np.array([0, 2, 4, 6], np.uint8)[:, None]
    high = (blocks[:, 128:192].reshape(-1, 2, 1, 32) >> shifts) & 3
    numbers = low.reshape(-1, 16, 16) | (high.reshape(-1, 16, 16) << 4)
    scales = blocks[:, 192:208].view(np.int8).astype(np.float32)
    factors = _half(blocks, 208) * scales
    made: Floats = factors[:, :, None] * (numbers.astype(np.float32) - 32)
    return made.reshape(len(blocks), 256)


def _iq4_nl(blocks: np.ndarray) -> Floats:
    made: Floats = _half(blocks, 0) * _LEVELS_IQ4[_nibbles(blocks[:, 2:])]
    return made


def _iq4_xs(blocks: np.ndarray) -> Floats:
    shifts = np.arange(0, 16, 2, dtype=np.uint16)
    high = np.ascontiguousarray(blocks[:, 2:4]).view("<u2") >> shifts & 3
    low = (blocks[:, 4:8, None] >> np.array([0, 4], np.uint8) & 15).reshape(-1, 8)
    factors = _half(blocks, 0) * ((low | (high << 4)).astype(np.float32) - 32)
    numbers = blocks[:, 8:].reshape(-1, 16)
    made: Floats = factors[:, :, None] * _LEVELS_IQ4[_nibbles(numbers)].reshape(-1, 8, 32)
    return made.reshape(len(blocks), 256)


BLOCK_BYTES: Mapping[str, int] = {
    "Q4_0": 18, "Q4_1": 20, "Q5_0": 22, "Q5_1": 24, "Q8_0": 34, "Q4_K": 144, "Q5_K": 176,
    "Q6_K": 210,
}  # fmt: skip
"""Bytes of a block of the types that have a product."""

READABLE: Mapping[str, Callable[[np.ndarray], Floats]] = {
    "F32": _plain("<f4"),
    "F16": _plain("<f2"),
    "F64": _plain("<f8"),
    "BF16": _bf16,
    "Q4_0": _q4_0,
    "Q4_1": _q4_1,
    "Q5_0": _q5_0,
    "Q5_1": _q5_1,
    "Q8_0": _q8_0,
    "Q2_K": _q2_k,
    "Q3_K": _q3_k,
    "Q4_K": _q4_k,
    "Q5_K": _q5_k,
    "Q6_K": _q6_k,
    "IQ4_NL": _iq4_nl,
    "IQ4_XS": _iq4_xs,
}
"""The types that are read here, by their names in `models/gguf/tensor_types.py`."""
