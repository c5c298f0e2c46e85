"""Chooses the inference decoder for a transformers model, if there is one.

It is chosen by the model's class, its configuration (`decoder_support.py`) and its structure, and
then verified (`verify_decoder.py`): both run on a few tokens, and the decoder is used only if every
captured tensor agrees with the model's own forward pass.
"""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch import nn

from mav_engine.backends.hf.decoder_support import unsupported_by_gpt2, unsupported_by_llama
from mav_engine.backends.hf.gpt2_modules import TorchGpt2Decoder, gpt2_parts
from mav_engine.backends.hf.llama_modules import TorchLlamaDecoder, llama_parts, llama_weights
from mav_engine.backends.inference.decoders.base import Decoder
from mav_engine.backends.inference.decoders.compiled_llama import CompiledLlama, compiled_llama
from mav_engine.backends.inference.kernels.arithmetic import Arithmetic
from mav_engine.backends.inference.kernels.int8 import rounds_activations
from mav_engine.backends.inference.kernels.linear import is_linear
from mav_engine.backends.inference.kernels.native.int8 import int8_build
from mav_engine.backends.inference.kernels.ops import (
    NUMPY_ARITHMETIC,
    TORCH_ARITHMETIC,
    unembedding,
)

_LLAMA_BLOCK = {"self_attn", "mlp", "input_layernorm", "post_attention_layernorm"}
_LLAMA_ATTENTION = {"q_proj", "k_proj", "v_proj", "o_proj"}
_LLAMA_MLP = {"gate_proj", "up_proj", "down_proj", "act_fn"}
_GPT2_BLOCK = {"ln_1", "attn", "ln_2", "mlp"}
_log = logging.getLogger(__name__)


def decoder_for(model: Any, config: Any) -> Decoder | None:
    """The decoder that fits a model's structure, not yet verified; None if there is none."""
    devices = {each.device for each in model.parameters()}
    if model.dtype != torch.float32 or len(devices) > 1:
        return None
    on_cpu = devices == {torch.device("cpu")}
    # Between torch's int8 products, which open its threads, numpy was seen to be no faster.
    by_numpy = on_cpu and (not rounds_activations(model) or int8_build() is not None)
    arithmetic: Arithmetic = NUMPY_ARITHMETIC if by_numpy else TORCH_ARITHMETIC
    if _is_llama(model):
        refused = unsupported_by_llama(model, config)
        if refused is None:
            native = _compiled(model, config) if on_cpu else None
            return native or TorchLlamaDecoder(llama_parts(model, config, arithmetic))
    elif _is_gpt2(model):
        refused = unsupported_by_gpt2(model, config)
        if refused is None:
            return TorchGpt2Decoder(gpt2_parts(model, arithmetic))
    else:
        refused = "its structure is not that of Llama or GPT-2"
    _log.info("%s uses its own forward pass: %s", type(model).__name__, refused)
    return None


def _compiled(model: Any, config: Any) -> CompiledLlama | None:
    weights = llama_weights(model, config)
    if weights is None:
        return None
    norm = NUMPY_ARITHMETIC.rms_norm(model.model.norm)
    native = compiled_llama(weights, lambda: unembedding(norm, model.lm_head, NUMPY_ARITHMETIC))
    if native is not None:
        # They are not parameters that torch counts.
        held = int(getattr(model.lm_head, "packed_bytes", 0))
        model.lm_head.packed_bytes = held + native.packed_bytes
    return native


def _is_llama(model: Any) -> bool:
    base = getattr(model, "model", None)
    return (
        base is not None
        and _named(base) == {"embed_tokens", "layers", "norm", "rotary_emb"}
        and all(_is_llama_block(block) for block in base.layers)
        and is_linear(model.lm_head)
    )


def _is_gpt2(model: Any) -> bool:
    base = getattr(model, "transformer", None)
    return (
        base is not None
        and _named(base) == {"wte", "wpe", "drop", "h", "ln_f"}
        and all(_named(block) == _GPT2_BLOCK for block in base.h)
    )


def _is_llama_block(block: nn.Module) -> bool:
    attention: Any = getattr(block, "self_attn", None)
    mlp: Any = getattr(block, "mlp", None)
    if _named(block) != _LLAMA_BLOCK or attention is None or mlp is None:
        return False
    products = [getattr(attention, name, None) for name in _LLAMA_ATTENTION]
    products += [getattr(mlp, name, None) for name in _LLAMA_MLP - {"act_fn"}]
    return (
        _named(attention) in (_LLAMA_ATTENTION, _LLAMA_ATTENTION | {"q_norm", "k_norm"})
        and _named(mlp) == _LLAMA_MLP
        and all(is_linear(each) for each in products)
    )


def _named(module: nn.Module) -> set[str]:
    return {name for name, _ in module.named_children()}
