"""The shapes that are measured: the embedded model, and two of the size people use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mav_engine.models import embedded_models

EMBEDDED = embedded_models()["mav-tiny"]
PROMPT = "Once upon a time, there was a little girl named Lily. She loved to play"


@dataclass(frozen=True, slots=True)
class Shape:
    """A model to measure."""

    name: str
    title: str
    large: bool
    """Whether long texts take minutes on it."""
    kind: str | None = None
    config: tuple[tuple[str, Any], ...] = ()

    def folder(self, under: Path) -> Path:
        """Where the model is; one with random weights is made there the first time."""
        if self.kind is None:
            return EMBEDDED
        folder = under / self.name
        if not folder.exists():
            import torch
            from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

            torch.manual_seed(0)
            config = AutoConfig.for_model(
                self.kind, bos_token_id=0, eos_token_id=0, **dict(self.config)
            )
            AutoModelForCausalLM.from_config(config).save_pretrained(folder)
            AutoTokenizer.from_pretrained(EMBEDDED).save_pretrained(folder)
        return folder


_SMOLLM: dict[str, Any] = {
    "vocab_size": 49152,
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "max_position_embeddings": 2048,
    "tie_word_embeddings": True,
}

SHAPES = (
    Shape("mav-tiny", "mav-tiny, 5.9M", large=False),
    Shape("gpt2", "GPT-2's shape, 124M", large=True, kind="gpt2"),
    Shape("smollm", "SmolLM's shape, 135M", True, "llama", tuple(_SMOLLM.items())),
)
