"""The decoder of the inference engine that a transformers model may use, if there is one.

It is chosen by the model's class, its configuration (`decoder_support.py`) and its structure, and
then verified (`verify_decoder.py`): both run on a probe, and the decoder is kept only where every
recorded tensor agrees with the model's own forward pass.
"""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch import nn

from mav_engine.backends.hf.decoder_support import unsupported_by_gpt2, unsupported_by_llama
from mav_engine.backends.inference.decoders.base import Decoder
from mav_engine.backends.inference.decoders.compiled_llama import compiled_llama
from mav_engine.backends.inference.decoders.gpt2 import Gpt2Decoder
from mav_engine.backends.inference.decoders.llama import LlamaDecoder
from mav_engine.backends.inference.kernels.int8 import rounds_activations
from mav_engine.backends.inference.kernels.linear import is_linear
from mav_engine.backends.inference.kernels.native.int8 import int8_product
from mav_engine.backends.inference.kernels.ops import BY_NUMPY, BY_TORCH, Arithmetic

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
    by_numpy = on_cpu and (not rounds_activations(model) or int8_product() is not None)
    arithmetic: Arithmetic = BY_NUMPY if by_numpy else BY_TORCH
    if _is_llama(model):
        refused = unsupported_by_llama(model, config)
        if refused is None:
            native = compiled_llama(model, config) if on_cpu else None
            return native or LlamaDecoder(model, config, arithmetic)
    elif _is_gpt2(model):
        refused = unsupported_by_gpt2(model, config)
        if refused is None:
            return Gpt2Decoder(model, arithmetic)
    else:
        refused = "it is not built like Llama or GPT-2"
    _log.info("%s takes the general path: %s", type(model).__name__, refused)
    return None


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
