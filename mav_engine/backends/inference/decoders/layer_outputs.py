"""The activations of one pass of a decoder, by layer; a row for each token."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Literal, Protocol

from mav_engine.backends.inference.kv_pool import Array
from mav_engine.contract.arrays import Floats

Block = Literal["resid", "mlp_out", "attn_out"]
BLOCKS: tuple[Block, ...] = ("resid", "mlp_out", "attn_out")


class LayerOutputs(Protocol):
    """Activations of one pass; they are moved to the CPU when they are read."""

    logits: Floats
    """[rows, vocabulary]"""
    lens: dict[int, Floats]
    """The logit lens by row, where it is captured: logits [n_layers, vocabulary]; those of the last
    layer are the model's own."""

    def at(self, point: Block) -> Floats:
        """[n_layers, rows, d_model]; of the residual stream [n_layers + 1, rows, d_model]."""

    def patterns(self) -> Sequence[Floats]:
        """One or more arrays [n_layers, some rows, heads, keys], with the rows in order; 0 for keys
        after a row's own position."""


class CollectedOutputs:
    """Outputs that are collected layer by layer.

    Args:
        stacked: joins the outputs of all layers, on the CPU.
    """

    logits: Floats
    lens: dict[int, Floats]

    def __init__(self, stacked: Callable[[Sequence[Array]], Floats]) -> None:
        self._stacked = stacked
        self.resid: list[Array] = []
        """[n_layers + 1] of [rows, d_model]."""
        self._attn_out: list[Array] = []
        self._mlp_out: list[Array] = []
        self._patterns: list[list[Array]] = []
        """[n_layers] of the patterns of `KVView.attend`."""

    def add(self, attn_out: Array, mlp_out: Array, pattern: list[Array]) -> None:
        """The outputs of the next layer."""
        self._attn_out.append(attn_out)
        self._mlp_out.append(mlp_out)
        self._patterns.append(pattern)

    def ending_in(
        self,
        unembedded: Callable[[Array], Array],
        lens_rows: Collection[int],
        concatenated: Callable[[Sequence[Array]], Array],
    ) -> CollectedOutputs:
        """Add the logits and the logit lens of `lens_rows`, with one product for all."""
        if not lens_rows:
            self.logits, self.lens = self._stacked([unembedded(self.resid[-1])])[0], {}
            return self
        parts: list[Array] = []
        ends = []
        for row in range(len(self.resid[-1])):
            layers = self.resid[1:] if row in lens_rows else self.resid[-1:]
            parts += [layer[row : row + 1] for layer in layers]
            ends.append(len(parts))
        whole = self._stacked([unembedded(concatenated(parts))])[0]
        self.logits = whole[[end - 1 for end in ends]]
        self.lens = {row: whole[ends[row] - len(self._attn_out) : ends[row]] for row in lens_rows}
        return self

    def at(self, point: Block) -> Floats:
        left = {"resid": self.resid, "mlp_out": self._mlp_out, "attn_out": self._attn_out}
        return self._stacked(left[point])

    def patterns(self) -> Sequence[Floats]:
        return [self._stacked(layers) for layers in zip(*self._patterns, strict=True)]
