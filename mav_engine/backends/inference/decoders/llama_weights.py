"""The weights of a Llama as numpy arrays in float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mav_engine.backends.inference.decoders.rotary import Rotary
from mav_engine.contract.arrays import Floats


@dataclass(frozen=True, slots=True)
class LlamaBlockWeights:
    """One block; products are [outputs, inputs], norms [d_model]."""

    before_attention: Floats
    q: Floats
    k: Floats
    v: Floats
    out: Floats
    before_mlp: Floats
    gate: Floats
    up: Floats
    down: Floats

    @property
    def products(self) -> tuple[Floats, ...]:
        return self.q, self.k, self.v, self.out, self.gate, self.up, self.down


@dataclass(frozen=True, slots=True)
class LlamaWeights:
    """All weights, and the sizes that their shapes do not tell."""

    embedding: Floats
    """[vocabulary, d_model]"""
    blocks: Sequence[LlamaBlockWeights]
    norm: Floats
    """[d_model], the final norm."""
    head: Floats
    """[vocabulary, d_model]; the embedding itself where both are tied."""
    rotary: Rotary
    head_dim: int
    epsilon: float
    """Added to the mean square by the norms."""
    scaling: float
    """Factor of the attention scores."""

    @property
    def heads(self) -> int:
        return len(self.blocks[0].q) // self.head_dim

    @property
    def kv_heads(self) -> int:
        return len(self.blocks[0].k) // self.head_dim
