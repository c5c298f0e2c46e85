"""The frequencies of rotary position embeddings, as transformers computes them.

Su et al., "RoFormer" (2021); position interpolation (`linear`) by Chen et al. (2023); YaRN by Peng
et al. (2023), section 3.4; `llama3` is that of Llama 3.1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mav_engine.backends.inference.decoders.rotary import Tables
from mav_engine.backends.native.llama_config import LlamaConfig
from mav_engine.contract.arrays import Floats


class Frequencies:
    """Angles per position of each pair of a head, and a factor of cos and sin."""

    def __init__(self, config: LlamaConfig) -> None:
        rope, dim = config.rope, config.head_dim
        self.scaling = 1.0
        base = np.float32(rope["rope_theta"])
        wavelengths = base ** (np.arange(0, dim, 2, dtype=np.float32) / np.float32(dim))
        self.speeds: Floats = np.float32(1) / wavelengths
        kind = rope["rope_type"]
        if kind == "linear":
            self.speeds /= np.float32(rope["factor"])
        elif kind == "llama3":
            self.speeds = _llama3(self.speeds, rope)
        elif kind == "yarn":
            self.speeds = _yarn(wavelengths, rope, dim, config.max_position_embeddings)
            self.scaling = _yarn_scaling(rope, _yarn_factor(rope, config.max_position_embeddings))

    def tables(self, positions: np.ndarray) -> Tables:
        """cos and sin at integer positions [n]."""
        angles = positions.astype(np.float32)[:, None] * self.speeds
        scaling = np.float32(self.scaling)
        cos, sin = np.cos(angles) * scaling, np.sin(angles) * scaling
        return np.concatenate([cos, cos], axis=1), np.concatenate([-sin, sin], axis=1)


def _llama3(speeds: Floats, rope: Mapping[str, Any]) -> Floats:
    """Slow pairs are slowed by the factor, fast ones unchanged, and those between interpolated."""
    factor, length = rope["factor"], rope["original_max_position_embeddings"]
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    wavelength = np.float32(2 * math.pi) / speeds
    slowed = np.where(wavelength > length / low, speeds / np.float32(factor), speeds)
    smooth = (np.float32(length) / wavelength - np.float32(low)) / np.float32(high - low)
    between = (1 - smooth) * slowed / np.float32(factor) + smooth * slowed
    is_between = ~(wavelength < length / high) & ~(wavelength > length / low)
    made: Floats = np.where(is_between, between, slowed)
    return made


def _yarn(wavelengths: Floats, rope: Mapping[str, Any], dim: int, context: int) -> Floats:
    """Pairs that turn often within the original length are unchanged, slow ones are slowed."""
    base, length = rope["rope_theta"], rope["original_max_position_embeddings"]

    def pair_with(turns: float) -> float:
        """The pair that turns so often within the original length."""
        return dim * math.log(length / (turns * 2 * math.pi)) / (2 * math.log(base))

    low, high = pair_with(rope.get("beta_fast") or 32), pair_with(rope.get("beta_slow") or 1)
    if rope.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, dim - 1)
    if low == high:
        high += 0.001
    ramp = (np.arange(dim // 2, dtype=np.float32) - np.float32(low)) / np.float32(high - low)
    kept = 1 - np.clip(ramp, 0, 1)
    slowed = np.float32(1) / (np.float32(_yarn_factor(rope, context)) * wavelengths)
    made: Floats = slowed * (1 - kept) + np.float32(1) / wavelengths * kept
    return made


def _yarn_factor(rope: Mapping[str, Any], context: int) -> float:
    factor = rope.get("factor")
    stretched = context / rope["original_max_position_embeddings"]
    return stretched if factor is None else float(factor)


def _yarn_scaling(rope: Mapping[str, Any], factor: float) -> float:
    def of(scale: float) -> float:
        return 1.0 if factor <= 1 else 0.1 * scale * math.log(factor) + 1.0

    stated = rope.get("attention_factor")
    if stated is not None:
        return float(stated)
    scale, of_all = rope.get("mscale"), rope.get("mscale_all_dim")
    return of(scale) / of(of_all) if scale and of_all else of(1)
