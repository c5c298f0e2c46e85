"""Two language models written out in numpy, from nothing but their weights and configuration.

They share no line with the engine, torch or transformers: float64 throughout, the whole text at
once, no cache. GPT-2: Radford et al. 2019, with learned positions, layer norms before each part
and the tanh form of GELU. Llama: Touvron et al. 2023, with RMS norms, rotary positions (Su et al.
2021), keys shared by groups of heads and a gated SiLU MLP.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass
class Insides:
    """What a model computes of a text of T tokens, by layer and position."""

    resid: Array
    """[n_layers + 1, T, d_model] the embedding, then resid_post of each layer."""
    attn_out: Array
    """[n_layers, T, d_model]"""
    mlp_out: Array
    """[n_layers, T, d_model]"""
    pattern: Array
    """[n_layers, n_heads, T, T]"""
    lens: Array
    """[n_layers, T, vocabulary] resid_post through the final norm and the unembedding."""


class Oracle:
    """Reads a folder of safetensors weights of one of the two architectures."""

    def __init__(self, folder: Path) -> None:
        self.config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        weights = load_file(folder / "model.safetensors")
        self.weights = {name: value.astype(np.float64) for name, value in weights.items()}

    def read(self, ids: list[int]) -> Insides:
        """All that is computed of these tokens."""
        gpt2 = self.config["model_type"] == "gpt2"
        x = self._embedded_gpt2(ids) if gpt2 else self.weights["model.embed_tokens.weight"][ids]
        block = self._gpt2_block if gpt2 else self._llama_block
        resid, attn_out, mlp_out, pattern = [x], [], [], []
        for layer in range(self.config["n_layer" if gpt2 else "num_hidden_layers"]):
            attended, written, looked = block(x, layer)
            x = x + attended + written
            resid.append(x)
            attn_out.append(attended)
            mlp_out.append(written)
            pattern.append(looked)
        lens = [self._unembedded(each, gpt2) for each in resid[1:]]
        return Insides(*map(np.stack, (resid, attn_out, mlp_out, pattern, lens)))

    def _unembedded(self, x: Array, gpt2: bool) -> Array:
        if gpt2:
            return (
                self._layer_norm(x, "transformer.ln_f") @ self.weights["transformer.wte.weight"].T
            )
        head = self.weights.get("lm_head.weight", self.weights["model.embed_tokens.weight"])
        return self._rms_norm(x, "model.norm") @ head.T

    def _embedded_gpt2(self, ids: list[int]) -> Array:
        positions = self.weights["transformer.wpe.weight"][: len(ids)]
        return self.weights["transformer.wte.weight"][ids] + positions

    def _gpt2_block(self, x: Array, layer: int) -> tuple[Array, Array, Array]:
        name = f"transformer.h.{layer}"
        joined = self._affine(self._layer_norm(x, f"{name}.ln_1"), f"{name}.attn.c_attn")
        q, k, v = (_heads(part, self.config["n_head"]) for part in np.split(joined, 3, axis=-1))
        pattern = _pattern(q, k)
        attended = self._affine(_joined(pattern @ v), f"{name}.attn.c_proj")
        hidden = self._affine(self._layer_norm(x + attended, f"{name}.ln_2"), f"{name}.mlp.c_fc")
        cubic = np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)
        gelu = 0.5 * hidden * (1 + np.tanh(cubic))
        return attended, self._affine(gelu, f"{name}.mlp.c_proj"), pattern

    def _llama_block(self, x: Array, layer: int) -> tuple[Array, Array, Array]:
        name = f"model.layers.{layer}"
        heads, groups = self.config["num_attention_heads"], self.config["num_key_value_heads"]
        normed = self._rms_norm(x, f"{name}.input_layernorm")
        q = self._rotated(_heads(self._linear(normed, f"{name}.self_attn.q_proj"), heads))
        k = self._rotated(_heads(self._linear(normed, f"{name}.self_attn.k_proj"), groups))
        v = _heads(self._linear(normed, f"{name}.self_attn.v_proj"), groups)
        k, v = (np.repeat(each, heads // groups, axis=0) for each in (k, v))
        pattern = _pattern(q, k)
        attended = self._linear(_joined(pattern @ v), f"{name}.self_attn.o_proj")
        normed = self._rms_norm(x + attended, f"{name}.post_attention_layernorm")
        gate = self._linear(normed, f"{name}.mlp.gate_proj")
        up = self._linear(normed, f"{name}.mlp.up_proj")
        gated = gate / (1 + np.exp(-gate)) * up
        return attended, self._linear(gated, f"{name}.mlp.down_proj"), pattern

    def _rotated(self, x: Array) -> Array:
        """Each pair (i, i + half) of a head turned by position / theta ** (2 i / head_dim)."""
        length, dim = x.shape[1:]
        theta = self.config["rope_parameters"]["rope_theta"]
        angles = np.arange(length)[:, None] / theta ** (np.arange(0, dim, 2) / dim)
        first, second = np.split(x, 2, axis=-1)
        cos, sin = np.cos(angles), np.sin(angles)
        return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)

    def _layer_norm(self, x: Array, name: str) -> Array:
        centred = x - x.mean(-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(-1, keepdims=True) + self.config["layer_norm_epsilon"])
        return centred / scale * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def _rms_norm(self, x: Array, name: str) -> Array:
        scale = np.sqrt((x**2).mean(-1, keepdims=True) + self.config["rms_norm_eps"])
        return x / scale * self.weights[f"{name}.weight"]

    def _affine(self, x: Array, name: str) -> Array:
        """GPT-2 stores a product's weight [in, out]."""
        return x @ self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def _linear(self, x: Array, name: str) -> Array:
        return x @ self.weights[f"{name}.weight"].T


def _heads(x: Array, count: int) -> Array:
    """[T, count * dim] to [count, T, dim]."""
    return x.reshape(len(x), count, -1).swapaxes(0, 1)


def _joined(x: Array) -> Array:
    """[heads, T, dim] to [T, heads * dim]."""
    return x.swapaxes(0, 1).reshape(x.shape[1], -1)


def _pattern(q: Array, k: Array) -> Array:
    """softmax(q k^T / sqrt(dim)) over the keys up to the query's own place."""
    scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
    scores = np.where(np.tril(np.ones(scores.shape[1:], dtype=bool)), scores, -np.inf)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)
