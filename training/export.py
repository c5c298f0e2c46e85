"""Writing a model folder that transformers loads without the network and without this program."""

import copy
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from training.data import END_OF_TEXT, END_OF_TEXT_ID
from training.tokenizer import TOKENIZER_FILE


def export_model(model: LlamaForCausalLM, tokenizer: Tokenizer, folder: Path) -> None:
    """Write config, float16 weights (safetensors) and tokenizer in Hugging Face layout.

    The given model is left as it is. Files of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    half = copy.deepcopy(model).cpu().to(torch.float16)
    half.save_pretrained(folder, safe_serialization=True)
    # safetensors writes files for the owner alone; these are to be packaged and read by all.
    (folder / "model.safetensors").chmod(0o644)
    _write_json(
        folder / "generation_config.json",
        {"bos_token_id": END_OF_TEXT_ID, "eos_token_id": END_OF_TEXT_ID},
    )
    tokenizer.save(str(folder / TOKENIZER_FILE))
    _write_json(
        folder / "tokenizer_config.json",
        {
            # A name that every transformers version knows, unlike version 5's own backends.
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": END_OF_TEXT,
            "eos_token": END_OF_TEXT,
            "clean_up_tokenization_spaces": False,
            "model_max_length": model.config.max_position_embeddings,
        },
    )


def _write_json(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
