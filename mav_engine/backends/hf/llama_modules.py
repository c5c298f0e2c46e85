"""The weights and functions of a torch Llama, as the inference decoders take them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from mav_engine.backends.inference.decoders.layer_outputs import LayerOutputs
from mav_engine.backends.inference.decoders.llama import LlamaBlock, LlamaDecoder, LlamaParts
from mav_engine.backends.inference.decoders.llama_weights import LlamaBlockWeights, LlamaWeights
from mav_engine.backends.inference.decoders.rotary import Rotary, Tables
from mav_engine.backends.inference.kernels.arithmetic import Arithmetic
from mav_engine.backends.inference.kernels.linear import joint_product, product
from mav_engine.backends.inference.kernels.ops import NUMPY_ARITHMETIC, unembedding
from mav_engine.backends.inference.kernels.rms_norm import RmsNorm
from mav_engine.backends.inference.kv_pool import KVShape
from mav_engine.backends.inference.kv_tensors import zeros_on
from mav_engine.backends.inference.kv_view import KVView

_SILU = {"SiLU", "SiLUActivation"}


class TorchLlamaDecoder(LlamaDecoder):
    """A decoder whose parts may compute on tensors."""

    @torch.inference_mode()
    def step(self, ids: Sequence[int], view: KVView, lens_rows: Collection[int]) -> LayerOutputs:
        return super().step(ids, view, lens_rows)


def llama_parts(model: Any, config: Any, arithmetic: Arithmetic) -> LlamaParts:
    """The parts of a Llama for `LlamaDecoder`. Weights of joined products become views of one."""
    base, weight = model.model, model.model.embed_tokens.weight
    attention = base.layers[0].self_attn
    heads = attention.q_proj.out_features // attention.head_dim
    kv_heads = attention.k_proj.out_features // attention.head_dim
    scaling = torch.ones(heads + kv_heads, 1, device=weight.device)
    scaling[:heads] = float(attention.scaling)
    return LlamaParts(
        embedding=arithmetic.constant(weight),
        blocks=[_block(block, arithmetic) for block in base.layers],
        unembedded=unembedding(arithmetic.rms_norm(base.norm), model.lm_head, arithmetic),
        rotary=_rotary(model, config, arithmetic),
        query_scaling=arithmetic.constant(scaling),
        heads=heads,
        shape=KVShape(len(base.layers), kv_heads, attention.head_dim),
        operations=arithmetic,
        indices=partial(arithmetic.indices, device=weight.device),
        zeros=zeros_on(weight.device),
    )


def llama_weights(model: Any, config: Any) -> LlamaWeights | None:
    """The weights of a float32 Llama on the CPU as views; None if it has other parts than products,
    norms, rotary positions and a SiLU."""
    base = model.model
    products = [each for block in base.layers for each in _products(block)]
    if not (
        all(type(each) is nn.Linear and each.bias is None for each in [*products, model.lm_head])
        and not any(hasattr(block.self_attn, "q_norm") for block in base.layers)
        and all(type(block.mlp.act_fn).__name__ in _SILU for block in base.layers)
    ):
        return None
    attention = base.layers[0].self_attn
    return LlamaWeights(
        embedding=_numbers(base.embed_tokens),
        blocks=[_block_weights(block) for block in base.layers],
        norm=_numbers(base.norm),
        head=_numbers(model.lm_head),
        rotary=_rotary(model, config, NUMPY_ARITHMETIC),
        head_dim=attention.head_dim,
        epsilon=RmsNorm(base.norm).eps,
        scaling=float(attention.scaling),
    )


def _block_weights(block: Any) -> LlamaBlockWeights:
    q, k, v, out, gate, up, down = map(_numbers, _products(block))
    before_attention = _numbers(block.input_layernorm)
    before_mlp = _numbers(block.post_attention_layernorm)
    return LlamaBlockWeights(before_attention, q, k, v, out, before_mlp, gate, up, down)


def _block(block: Any, arithmetic: Arithmetic) -> LlamaBlock:
    attention, mlp, of = block.self_attn, block.mlp, arithmetic.function
    has_norms = hasattr(attention, "q_norm")
    return LlamaBlock(
        before_attention=arithmetic.rms_norm(block.input_layernorm),
        qkv=of(joint_product([attention.q_proj, attention.k_proj, attention.v_proj])),
        out=of(product(attention.o_proj)),
        before_mlp=arithmetic.rms_norm(block.post_attention_layernorm),
        gate_up=of(joint_product([mlp.gate_proj, mlp.up_proj])),
        gated=arithmetic.gated(mlp.act_fn),
        down=of(product(mlp.down_proj)),
        q_norm=arithmetic.rms_norm(attention.q_norm) if has_norms else None,
        k_norm=arithmetic.rms_norm(attention.k_norm) if has_norms else None,
    )


def _products(block: Any) -> list[Any]:
    attention, mlp = block.self_attn, block.mlp
    return [
        attention.q_proj, attention.k_proj, attention.v_proj, attention.o_proj,
        mlp.gate_proj, mlp.up_proj, mlp.down_proj,
    ]  # fmt: skip


def _numbers(module: Any) -> np.ndarray:
    numbers: np.ndarray = module.weight.detach().numpy()
    return numbers


def _rotary(model: Any, config: Any, arithmetic: Arithmetic) -> Rotary:
    """The tables of the model's own rotary module."""
    module, like = model.model.rotary_emb, model.model.embed_tokens.weight[:1]
    compute: Callable[[np.ndarray], Tables] = partial(_tables, module, like, arithmetic)
    return Rotary(compute, config.max_position_embeddings)


@torch.inference_mode()
def _tables(
    module: Any, like: torch.Tensor, arithmetic: Arithmetic, positions: np.ndarray
) -> Tables:
    cos, sin = module(like, torch.from_numpy(positions).to(like.device)[None])
    first = sin.shape[-1] // 2
    signed = torch.cat([-sin[0, :, :first], sin[0, :, first:]], dim=-1)
    return arithmetic.constant(cos[0].contiguous()), arithmetic.constant(signed)
