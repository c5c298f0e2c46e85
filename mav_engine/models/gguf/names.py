"""Which tensor of a GGUF file is which weight in transformers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Change = Literal["none", "queries", "keys", "transposed"]
"""What llama.cpp changes when it converts a weight: it reorders the rows of queries and keys for
its rotary positions, and stores GPT-2's weights [outputs, inputs]."""

_BLOCK = re.compile(r"^blk\.(\d+)\.(.+)\.(weight|bias)$")
_LLAMA: Mapping[str, str] = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_GPT2: Mapping[str, str] = {
    "token_embd": "transformer.wte",
    "position_embd": "transformer.wpe",
    "output_norm": "transformer.ln_f",
    "output": "lm_head",
    "attn_norm": "ln_1",
    "attn_qkv": "attn.c_attn",
    "attn_output": "attn.c_proj",
    "ffn_norm": "ln_2",
    "ffn_up": "mlp.c_fc",
    "ffn_down": "mlp.c_proj",
}
_BY_INPUT = frozenset({"attn_qkv", "attn_output", "ffn_up", "ffn_down"})
_IGNORED = frozenset({"rope_freqs.weight"})
"""Read with the configuration."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight in transformers."""

    name: str
    change: Change


def weight_of(architecture: str, name: str) -> Weight | None:
    """The weight that a tensor is, by its name in the file; None for one that is no weight.

    Unknown tensors keep their names, so that they are reported.
    """
    if name in _IGNORED:
        return None
    known, blocks = (_GPT2, "transformer.h") if architecture == "gpt2" else (_LLAMA, "model.layers")
    block = _BLOCK.match(name)
    if block is None:
        part, _, kind = name.rpartition(".")
        return Weight(f"{known[part]}.{kind}" if part in known else name, "none")
    layer, part, kind = block.groups()
    if part not in known:
        return Weight(name, "none")
    return Weight(f"{blocks}.{layer}.{known[part]}.{kind}", _change(architecture, part, kind))


def _change(architecture: str, part: str, kind: str) -> Change:
    if architecture == "llama" and part in ("attn_q", "attn_k"):
        return "queries" if part == "attn_q" else "keys"
    if architecture == "gpt2" and part in _BY_INPUT and kind == "weight":
        return "transposed"
    return "none"
