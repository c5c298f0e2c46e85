"""The context length: what a model can process, the same before and after it is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from mav_engine import RunSettings, collect, run
from mav_engine.backends import load_backend
from mav_engine.models.context_length import context_length
from mav_engine.models.description import describe
from tests.engine.conftest import EMBEDDED, SHAPES

YARN = {"rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0}
LONG = {"rope_type": "longrope", "rope_theta": 1e4, "short_factor": [1.0] * 4}
LLAMA3 = {"rope_type": "llama3", "rope_theta": 1e4, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
OF_32: dict[str, tuple[str, dict[str, Any], int]] = {
    "no scaling": ("llama", {}, 32),
    "yarn": ("llama", {"rope_parameters": YARN}, 128),
    "yarn with the original length": (
        "llama", {"rope_parameters": {**YARN, "original_max_position_embeddings": 32}}, 128,
    ),
    "yarn beside a stretched length": (
        "llama", {"rope_parameters": {**YARN, "original_max_position_embeddings": 8}}, 32,
    ),
    "yarn beside a length between": (
        "llama", {"rope_parameters": {**YARN, "original_max_position_embeddings": 16}}, 64,
    ),
    "older form": ("llama", {"rope_scaling": {"type": "yarn", "factor": 4.0}}, 128),
    "dynamic": ("llama", {"rope_parameters": {**YARN, "rope_type": "dynamic"}}, 128),
    "linear": ("llama", {"rope_parameters": {**YARN, "rope_type": "linear"}}, 128),
    "llama3": (
        "llama",
        {"rope_parameters": {**LLAMA3, "factor": 8.0, "original_max_position_embeddings": 8}},
        32,
    ),
    "longrope": (
        "phi3",
        {
            "rope_parameters": {**LONG, "long_factor": [2.0] * 4},
            "original_max_position_embeddings": 8,
        },
        32,
    ),
    "a factor that is no whole number": ("llama", {"rope_parameters": {**YARN, "factor": 1.5}}, 48),
    "learned positions": ("gpt2", {"n_positions": 32}, 32),
}  # fmt: skip


def saved(folder: Path, kind: str, fields: dict[str, Any]) -> Path:
    shape = {**SHAPES.get(kind, SHAPES["llama"]), "max_position_embeddings": 32}
    if kind == "gpt2":
        del shape["max_position_embeddings"]
    torch.manual_seed(1)
    config = AutoConfig.for_model(kind, **{**shape, "num_hidden_layers": 1, **fields})
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(EMBEDDED).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("case", OF_32)
def test_context_of_a_model_before_and_after_loading(case: str, tmp_path: Path) -> None:
    kind, fields, expected = OF_32[case]
    folder = saved(tmp_path, kind, fields)
    assert load_backend(str(folder)).info.context == expected
    assert describe(str(folder), name="m").context == expected


def test_a_run_writes_up_to_the_stretched_context(tmp_path: Path) -> None:
    backend = load_backend(str(saved(tmp_path, "llama", {"rope_parameters": YARN})))
    settings = RunSettings(prompt="Once", temperature=0, max_new_tokens=500)
    record = collect(run(settings, backend=backend))
    assert len(record.prompt.tokens) + len(record.tokens) == 128


SHIPPED: dict[str, tuple[dict[str, Any], int | None]] = {
    "Qwen2.5, as its card says": (
        {
            "max_position_embeddings": 32768,
            "rope_scaling": {
                "type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768,
            },
        },
        131072,
    ),
    "Qwen3, as its card says": (
        {
            "max_position_embeddings": 40960,
            "rope_scaling": {
                "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768,
            },
        },
        131072,
    ),
    "DeepSeek-V3": (
        {
            "max_position_embeddings": 163840,
            "rope_scaling": {
                "type": "yarn", "factor": 40, "original_max_position_embeddings": 4096,
            },
        },
        163840,
    ),
    "Llama 3.2": (
        {
            "max_position_embeddings": 131072,
            "rope_scaling": {
                "rope_type": "llama3", "factor": 32.0, "original_max_position_embeddings": 8192,
            },
        },
        131072,
    ),
    "Phi-3-mini-128k": (
        {
            "max_position_embeddings": 131072, "original_max_position_embeddings": 4096,
            "rope_scaling": {"type": "longrope", "long_factor": [1.0], "short_factor": [1.0]},
        },
        131072,
    ),
    "vicuna-7b-v1.5-16k": (
        {"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": 4.0}},
        16384,
    ),
    "Gemma 3": (
        {
            "model_type": "gemma3_text", "max_position_embeddings": 131072,
            "rope_scaling": {"rope_type": "linear", "factor": 8.0},
        },
        131072,
    ),
    "Olmo 3": (
        {
            "max_position_embeddings": 65536,
            "rope_parameters": {
                "sliding_attention": {"rope_type": "default"},
                "full_attention": {
                    "rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 8192,
                },
            },
        },
        65536,
    ),
    "BLOOM": ({"model_type": "bloom", "seq_length": 2048}, None),
    "Falcon-RW": ({"alibi": True, "max_position_embeddings": 2048}, None),
    "MPT": ({"max_seq_len": 2048, "attn_config": {"alibi": True}}, 2048),
    "Mamba": ({"hidden_size": 768}, None),
}  # fmt: skip


@pytest.mark.parametrize("name", SHIPPED)
def test_context_of_configurations_as_they_are_published(name: str) -> None:
    fields, expected = SHIPPED[name]
    assert context_length(fields) == expected


@pytest.mark.parametrize("factor", [None, True, "4", float("nan"), float("inf"), 1e300, -2.0, 0])
def test_a_factor_that_makes_no_sense_is_ignored(factor: Any) -> None:
    rope = {"rope_type": "yarn", "factor": factor}
    assert context_length({"max_position_embeddings": 32, "rope_parameters": rope}) == 32
