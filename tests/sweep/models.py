"""Small random models of every type, once as the engine runs them and once as transformers does."""

from __future__ import annotations

import copy
import re
import warnings
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from transformers import AutoModelForCausalLM, GenerationConfig, PreTrainedTokenizerFast
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
)
from transformers.utils import logging

from mav_engine.backends.hf.attention_capture import implementation_for
from mav_engine.backends.hf.backend import TransformersBackend
from tests.sweep.shrink import small_config
from tests.sweep.sizes import SPECIAL

MODEL_TYPES: list[str] = list(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
_SEED = 20
_SPREAD = 0.12
"""Standard deviation added to all weights, so that no scale is 1, no bias 0, no gate shut."""


class Unbuildable(Exception):
    """A type that cannot be built from a configuration alone; the text says why."""


@dataclass
class Pair:
    """The engine's backend and, with the same weights, transformers' own eager model."""

    model_type: str
    backend: TransformersBackend
    reference: Any
    tokenizer: Any


def build(model_type: str) -> Pair:
    """Both models of a type.

    Raises:
        Unbuildable: transformers cannot make one from a small configuration.
    """
    logging.set_verbosity_error()
    with warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")
        try:
            config = small_config(model_type)
            reference = _model(config, "eager")
        except Exception as error:
            raise Unbuildable(_in_short(error)) from error
        model_class = MODEL_FOR_CAUSAL_LM_MAPPING[type(config)]
        implementation = implementation_for(model_class)
        model = _model(config, implementation)
        model.load_state_dict(reference.state_dict())
        tokenizer = byte_tokenizer()
        backend = TransformersBackend(model, tokenizer, model_type)
    return Pair(model_type, backend, reference, tokenizer)


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """A token a byte, after the special tokens."""
    specials = ["<eos>", "<bos>", "<pad>", "<unk>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: at for at, token in enumerate([*specials, *alphabet])}
    tokenizer = Tokenizer(BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<eos>", bos_token="<bos>", pad_token="<pad>"
    )


def _model(config: Any, implementation: str) -> Any:
    torch.manual_seed(_SEED)
    model = AutoModelForCausalLM.from_config(
        copy.deepcopy(config), attn_implementation=implementation
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(_SPREAD * torch.randn_like(parameter))
    # Some configurations force a last token or ban others, which greedy decoding must not.
    model.generation_config = GenerationConfig(eos_token_id=SPECIAL["eos_token_id"])
    return model.eval().requires_grad_(False)


def _in_short(error: Exception) -> str:
    text = re.sub(r"\s+", " ", str(error)).strip()
    return f"{type(error).__name__}: {text[:160]}"
