"""The decoder of a GPT-2 from its files.

Radford et al., "Language Models are Unsupervised Multitask Learners" (2019).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from mav_engine.backends.inference.decoders.base import Decoder
from mav_engine.backends.inference.decoders.gpt2 import Gpt2Block, Gpt2Decoder, Gpt2Parts
from mav_engine.backends.inference.kernels.numpy_ops import (
    FloatFunction,
    NumpyOperations,
    gelu_tanh,
    layer_norm,
    relu,
)
from mav_engine.backends.inference.kv_pool import KVShape, zeros_on_cpu
from mav_engine.backends.native.architecture import HEAD, Sizes
from mav_engine.backends.native.gpt2_config import Gpt2Config
from mav_engine.backends.native.weight_reader import WeightReader
from mav_engine.contract.arrays import Floats

_POSITIONS = "transformer.wpe.weight"
_FINAL_NORM = "transformer.ln_f"
_ACTIVATIONS: dict[str, FloatFunction] = {
    "gelu_new": gelu_tanh,
    "gelu_pytorch_tanh": gelu_tanh,
    "relu": relu,
}


class Gpt2Architecture:
    """`Architecture` of GPT-2."""

    prefix = "transformer."
    ignored = re.compile(r"\.attn\.(masked_)?bias$")
    embedding = "transformer.wte.weight"

    def __init__(self, config: Gpt2Config) -> None:
        self._config = config
        self.class_name = config.class_name
        self.sizes = Sizes(
            layers=config.n_layer,
            heads=config.n_head,
            kv_heads=config.n_head,
            d_model=config.n_embd,
            vocabulary=config.vocab_size,
            context=config.n_positions,
        )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        config = self._config
        width, inner = config.n_embd, config.n_inner
        products = {
            "attn.c_attn": (width, 3 * width),
            "attn.c_proj": (width, width),
            "mlp.c_fc": (width, inner),
            "mlp.c_proj": (inner, width),
        }
        block: dict[str, tuple[int, ...]] = {}
        for name, shape in products.items():
            block |= {f"{name}.weight": shape, f"{name}.bias": shape[1:]}
        for name in ("ln_1", "ln_2"):
            block |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
        shapes: dict[str, tuple[int, ...]] = {
            self.embedding: (config.vocab_size, width),
            _POSITIONS: (config.n_positions, width),
            f"{_FINAL_NORM}.weight": (width,),
            f"{_FINAL_NORM}.bias": (width,),
        }
        if not config.tie_word_embeddings:
            shapes[HEAD] = (config.vocab_size, width)
        for layer in range(config.n_layer):
            shapes |= {f"transformer.h.{layer}.{name}": shape for name, shape in block.items()}
        return shapes

    def decoder(self, reader: WeightReader) -> Decoder:
        config = self._config
        embedding, head = reader.embedding(
            self.embedding, "lm_head", tied=config.tie_word_embeddings
        )
        positions = reader.vector(_POSITIONS)
        blocks = [_block(config, reader, layer) for layer in range(config.n_layer)]
        normed = _norm(config, reader, _FINAL_NORM)

        def unembedded(resid: Floats) -> Floats:
            return head(normed(resid))

        indices: Callable[..., np.ndarray] = np.array
        head_dim = config.n_embd // config.n_head
        return Gpt2Decoder(
            Gpt2Parts(
                embedding=embedding,
                positions=positions,
                blocks=blocks,
                unembedded=unembedded,
                scaling=head_dim**-0.5,
                shape=KVShape(config.n_layer, config.n_head, head_dim),
                operations=NumpyOperations(),
                indices=indices,
                zeros=zeros_on_cpu,
            )
        )


def _block(config: Gpt2Config, reader: WeightReader, layer: int) -> Gpt2Block:
    name = f"transformer.h.{layer}"

    def product(part: str) -> Callable[[Any], Any]:
        return reader.product(f"{name}.{part}", by_input=True)

    return Gpt2Block(
        before_attention=_norm(config, reader, f"{name}.ln_1"),
        qkv=product("attn.c_attn"),
        out=product("attn.c_proj"),
        before_mlp=_norm(config, reader, f"{name}.ln_2"),
        up=product("mlp.c_fc"),
        act=_ACTIVATIONS[config.activation_function],
        down=product("mlp.c_proj"),
    )


def _norm(config: Gpt2Config, reader: WeightReader, name: str) -> FloatFunction:
    weight, bias = reader.vector(f"{name}.weight"), reader.vector(f"{name}.bias")
    return layer_norm(weight, bias, config.layer_norm_epsilon)
