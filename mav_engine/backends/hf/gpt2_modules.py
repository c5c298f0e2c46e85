"""The functions of a torch GPT-2, as the inference decoder takes them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn

from mav_engine.backends.inference.decoders.gpt2 import Gpt2Block, Gpt2Decoder, Gpt2Parts
from mav_engine.backends.inference.decoders.layer_outputs import LayerOutputs
from mav_engine.backends.inference.kernels.arithmetic import Arithmetic
from mav_engine.backends.inference.kernels.linear import product
from mav_engine.backends.inference.kernels.ops import unembedding
from mav_engine.backends.inference.kv_pool import KVShape
from mav_engine.backends.inference.kv_tensors import zeros_on
from mav_engine.backends.inference.kv_view import KVView


class TorchGpt2Decoder(Gpt2Decoder):
    """A decoder whose parts may compute on tensors."""

    @torch.inference_mode()
    def step(self, ids: Sequence[int], view: KVView, lens_rows: Collection[int]) -> LayerOutputs:
        return super().step(ids, view, lens_rows)


def gpt2_parts(model: Any, arithmetic: Arithmetic) -> Gpt2Parts:
    """The parts of a GPT-2 for `Gpt2Decoder`."""
    base, weight = model.transformer, model.transformer.wte.weight
    attention = base.h[0].attn
    return Gpt2Parts(
        embedding=arithmetic.constant(weight),
        positions=arithmetic.constant(base.wpe.weight),
        blocks=[_block(block, arithmetic) for block in base.h],
        unembedded=unembedding(arithmetic.layer_norm(base.ln_f), model.lm_head, arithmetic),
        scaling=float(attention.scaling),
        shape=KVShape(len(base.h), attention.num_heads, attention.head_dim),
        operations=arithmetic,
        indices=partial(arithmetic.indices, device=weight.device),
        zeros=zeros_on(weight.device),
    )


def _block(block: Any, arithmetic: Arithmetic) -> Gpt2Block:
    attention, mlp, of = block.attn, block.mlp, arithmetic.function
    return Gpt2Block(
        before_attention=arithmetic.layer_norm(block.ln_1),
        qkv=of(product(attention.c_attn)),
        out=of(product(attention.c_proj)),
        before_mlp=arithmetic.layer_norm(block.ln_2),
        up=of(product(mlp.c_fc)),
        act=of(_activation(mlp.act)),
        down=of(product(mlp.c_proj)),
    )


def _activation(act: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """The activation of an MLP; GELU's tanh form in one operation."""
    if type(act).__name__ in {"NewGELUActivation", "GELUTanh"}:
        return partial(nn.functional.gelu, approximate="tanh")
    given: Callable[[torch.Tensor], torch.Tensor] = act.forward
    return given
