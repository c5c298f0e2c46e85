"""The keys and values that the rows of one pass attend to, as the decoders use them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

from mav_engine.backends.inference.kernels.batched_attention import BatchAttention, ChunkAttention
from mav_engine.backends.inference.kv_pool import KVSlot


class KVView(Protocol):
    """The keys and values that the rows of one pass attend to."""

    lengths: Sequence[int]
    """The number of positions before each row."""
    positions: Sequence[int]
    """The position of each row: `lengths` itself where all texts begin at position 0."""
    texts: Sequence[KVSlot]
    """The text of each row."""

    def attend(self, layer: int, queries: Any, keys_values: Any) -> tuple[list[Any], list[Any]]:
        """Append keys and values [rows, 2, kv_heads, head_dim], and attend with scaled queries
        [rows, heads, head_dim].

        Returns, for each range of rows, outputs [rows, heads * head_dim] and patterns [rows, heads,
        keys].
        """


class BatchView:
    """A row for each of several texts: their next tokens.

    Args:
        slots: in the order of `sorting_key`; each gets room for one more position.
        kind: the attention of neighbouring slots.
    """

    def __init__(self, slots: Sequence[KVSlot], kind: type[BatchAttention]) -> None:
        self.lengths: Sequence[int] = [slot.length for slot in slots]
        self.positions = _positions(self.lengths, slots)
        self.texts: Sequence[KVSlot] = slots
        self._kind = kind
        for slot in slots:
            slot.make_room(slot.length + 1)

    @cached_property
    def ranges(self) -> list[BatchAttention]:
        """The ranges of texts in neighbouring slots."""
        return [self._kind(rows, self.texts) for rows in _neighbours(self.texts)]

    def attend(self, layer: int, queries: Any, keys_values: Any) -> tuple[list[Any], list[Any]]:
        ranges = self.ranges
        if len(ranges) == 1:
            output, pattern = ranges[0].attend(layer, queries, keys_values)
            return [output], [pattern]
        parts = [each.attend(layer, queries[each.rows], keys_values[each.rows]) for each in ranges]
        return [output for output, _ in parts], [pattern for _, pattern in parts]


class ChunkView:
    """A row for each of the next tokens of one text.

    Args:
        slot: the text's keys and values; gets room for the tokens.
        count: the number of tokens.
        kind: their attention.
    """

    def __init__(self, slot: KVSlot, count: int, kind: type[ChunkAttention]) -> None:
        self.lengths: Sequence[int] = range(slot.length, slot.length + count)
        self.texts: Sequence[KVSlot] = [slot] * count
        self.positions = _positions(self.lengths, self.texts)
        slot.make_room(slot.length + count)
        self._kind = kind

    @cached_property
    def _attention(self) -> ChunkAttention:
        return self._kind(self.texts[0], len(self.texts))

    def attend(self, layer: int, queries: Any, keys_values: Any) -> tuple[list[Any], list[Any]]:
        output, pattern = self._attention.attend(layer, queries, keys_values)
        return [output], [pattern]


def _positions(lengths: Sequence[int], texts: Sequence[KVSlot]) -> Sequence[int]:
    if not any(text.first_position for text in texts):
        return lengths
    return [text.first_position + length for length, text in zip(lengths, texts, strict=True)]


def sorting_key(slot: KVSlot) -> tuple[int, int]:
    """Sorts the texts of a step by slab and slot."""
    return (0, 0) if slot.slab is None else (slot.slab.room, slot.index)


def _neighbours(slots: Sequence[KVSlot]) -> list[slice]:
    """Ranges of rows whose texts are in neighbouring slots of the same slab."""
    borders = [0]
    for row in range(1, len(slots)):
        before, slot = slots[row - 1], slots[row]
        if slot.slab is not before.slab or slot.index != before.index + 1:
            borders.append(row)
    return [slice(a, b) for a, b in zip(borders, [*borders[1:], len(slots)], strict=True)]
