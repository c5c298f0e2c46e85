"""How large the models of the sweep are."""

from __future__ import annotations

SPECIAL = {"eos_token_id": 0, "bos_token_id": 1, "pad_token_id": 2, "sep_token_id": 0}
"""Ids of the special tokens, which stand before the bytes in the vocabulary."""
VOCABULARY = 256 + 4
LAYERS = 3
HEADS = 4
CONTEXT = 128
