"""The decoder of a Llama from its files."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from mav_engine.backends.inference.decoders.base import Decoder
from mav_engine.backends.inference.decoders.compiled_llama import compiled_llama, may_be_compiled
from mav_engine.backends.inference.decoders.llama import LlamaBlock, LlamaDecoder, LlamaParts
from mav_engine.backends.inference.decoders.llama_weights import LlamaBlockWeights, LlamaWeights
from mav_engine.backends.inference.decoders.rotary import Rotary
from mav_engine.backends.inference.kernels.numpy_linear import FloatProduct
from mav_engine.backends.inference.kernels.numpy_ops import NumpyOperations, rms_norm, silu_gated
from mav_engine.backends.inference.kv_pool import KVShape, zeros_on_cpu
from mav_engine.backends.native.architecture import HEAD, Sizes
from mav_engine.backends.native.llama_config import LlamaConfig
from mav_engine.backends.native.rope import Frequencies
from mav_engine.backends.native.weight_reader import WeightReader
from mav_engine.contract.arrays import Floats
from mav_engine.models.context_length import context_length

_FINAL_NORM = "model.norm.weight"


class LlamaArchitecture:
    """`Architecture` of Llama and the types that are built like it."""

    prefix = "model."
    ignored = re.compile(r"rotary_emb\.inv_freq$")
    embedding = "model.embed_tokens.weight"

    def __init__(self, config: LlamaConfig) -> None:
        self._config = config
        self.class_name = config.class_name
        stated = {
            "max_position_embeddings": config.max_position_embeddings,
            "rope_parameters": config.rope,
        }
        self.sizes = Sizes(
            layers=config.num_hidden_layers,
            heads=config.num_attention_heads,
            kv_heads=config.num_key_value_heads,
            d_model=config.hidden_size,
            vocabulary=config.vocab_size,
            context=context_length(stated),
        )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        config = self._config
        width, inner = config.hidden_size, config.intermediate_size
        queries = config.num_attention_heads * config.head_dim
        keys = config.num_key_value_heads * config.head_dim
        products = {
            "self_attn.q_proj": (queries, width, config.qkv_bias),
            "self_attn.k_proj": (keys, width, config.qkv_bias),
            "self_attn.v_proj": (keys, width, config.qkv_bias),
            "self_attn.o_proj": (width, queries, config.out_bias),
            "mlp.gate_proj": (inner, width, config.mlp_bias),
            "mlp.up_proj": (inner, width, config.mlp_bias),
            "mlp.down_proj": (width, inner, config.mlp_bias),
        }
        block: dict[str, tuple[int, ...]] = {
            "input_layernorm.weight": (width,),
            "post_attention_layernorm.weight": (width,),
        }
        for name, (outputs, inputs, has_bias) in products.items():
            block[f"{name}.weight"] = (outputs, inputs)
            if has_bias:
                block[f"{name}.bias"] = (outputs,)
        if config.head_norms:
            block["self_attn.q_norm.weight"] = (config.head_dim,)
            block["self_attn.k_norm.weight"] = (config.head_dim,)
        shapes: dict[str, tuple[int, ...]] = {
            self.embedding: (config.vocab_size, width),
            _FINAL_NORM: (width,),
        }
        if not config.tie_word_embeddings:
            shapes[HEAD] = (config.vocab_size, width)
        for layer in range(config.num_hidden_layers):
            shapes |= {f"model.layers.{layer}.{name}": shape for name, shape in block.items()}
        return shapes

    def decoder(self, reader: WeightReader) -> Decoder:
        config = self._config
        rotary = Rotary(Frequencies(config).tables, config.max_position_embeddings)
        plain = not (config.qkv_bias or config.out_bias or config.mlp_bias or config.head_norms)
        floats = reader.wanted != "int8" and not reader.in_blocks
        if plain and floats and may_be_compiled(self._multiplied()):
            decoder = _compiled(config, reader, rotary)
            if decoder is not None:
                return decoder
        return LlamaDecoder(_parts(config, reader, rotary))

    def _multiplied(self) -> int:
        """The number of weights of all products."""
        shapes = self.shapes()
        head = shapes.pop(self.embedding)
        shapes[HEAD] = head
        return sum(math.prod(shape) for shape in shapes.values() if len(shape) > 1)


def _compiled(config: LlamaConfig, reader: WeightReader, rotary: Rotary) -> Decoder | None:
    """The compiled decoder; None if it does not support the sizes of the model."""
    begin = len(reader.parameters)
    weights = _weights(config, reader, rotary)

    def unembedded() -> Callable[[Any], Any]:
        normed = rms_norm(weights.norm, weights.epsilon)
        head = FloatProduct(weights.head, None, reader.threads)
        return lambda resid: head(normed(resid))

    decoder = compiled_llama(weights, unembedded)
    if decoder is None:
        del reader.parameters[begin:]
        return None
    reader.nbytes = weights.embedding.nbytes + decoder.packed_bytes
    reader.nbytes += 0 if config.tie_word_embeddings else weights.head.nbytes
    return decoder


def _weights(config: LlamaConfig, reader: WeightReader, rotary: Rotary) -> LlamaWeights:
    def block(layer: int) -> LlamaBlockWeights:
        name = f"model.layers.{layer}"
        return LlamaBlockWeights(
            before_attention=reader.vector(f"{name}.input_layernorm.weight"),
            q=reader.matrix(f"{name}.self_attn.q_proj.weight"),
            k=reader.matrix(f"{name}.self_attn.k_proj.weight"),
            v=reader.matrix(f"{name}.self_attn.v_proj.weight"),
            out=reader.matrix(f"{name}.self_attn.o_proj.weight"),
            before_mlp=reader.vector(f"{name}.post_attention_layernorm.weight"),
            gate=reader.matrix(f"{name}.mlp.gate_proj.weight"),
            up=reader.matrix(f"{name}.mlp.up_proj.weight"),
            down=reader.matrix(f"{name}.mlp.down_proj.weight"),
        )

    embedding = reader.matrix(LlamaArchitecture.embedding)
    return LlamaWeights(
        embedding=embedding,
        blocks=[block(layer) for layer in range(config.num_hidden_layers)],
        norm=reader.vector(_FINAL_NORM),
        head=embedding if config.tie_word_embeddings else reader.matrix(HEAD),
        rotary=rotary,
        head_dim=config.head_dim,
        epsilon=config.rms_norm_eps,
        scaling=config.head_dim**-0.5,
    )


def _parts(config: LlamaConfig, reader: WeightReader, rotary: Rotary) -> LlamaParts:
    heads, kv_heads = config.num_attention_heads, config.num_key_value_heads
    scaling = np.ones((heads + kv_heads, 1), np.float32)
    scaling[:heads] = config.head_dim**-0.5
    embedding, head = reader.embedding(
        LlamaArchitecture.embedding, "lm_head", tied=config.tie_word_embeddings
    )
    blocks = [_block(config, reader, layer) for layer in range(config.num_hidden_layers)]
    normed = rms_norm(reader.vector(_FINAL_NORM), config.rms_norm_eps)

    def unembedded(resid: Floats) -> Floats:
        return head(normed(resid))

    indices: Callable[..., np.ndarray] = np.array
    return LlamaParts(
        embedding=embedding,
        blocks=blocks,
        unembedded=unembedded,
        rotary=rotary,
        query_scaling=scaling,
        heads=heads,
        shape=KVShape(len(blocks), kv_heads, config.head_dim),
        operations=NumpyOperations(),
        indices=indices,
        zeros=zeros_on_cpu,
    )


def _block(config: LlamaConfig, reader: WeightReader, layer: int) -> LlamaBlock:
    name, epsilon = f"model.layers.{layer}", config.rms_norm_eps

    def norm(part: str) -> Callable[[Any], Any]:
        return rms_norm(reader.vector(f"{name}.{part}.weight"), epsilon)

    def product(*parts: str) -> Callable[[Any], Any]:
        return reader.product(*(f"{name}.{part}" for part in parts))

    return LlamaBlock(
        before_attention=norm("input_layernorm"),
        qkv=product("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        out=product("self_attn.o_proj"),
        before_mlp=norm("post_attention_layernorm"),
        gate_up=product("mlp.gate_proj", "mlp.up_proj"),
        gated=silu_gated,
        down=product("mlp.down_proj"),
        q_norm=norm("self_attn.q_norm") if config.head_norms else None,
        k_norm=norm("self_attn.k_norm") if config.head_norms else None,
    )
