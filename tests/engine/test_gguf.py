"""GGUF files: number by number what transformers reads from the same file.

The files are written by the package gguf, as llama.cpp's converter writes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType as Type
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from mav_engine.backends import Backend, load_backend
from mav_engine.backends.inference.kernels.blocks_numpy import READABLE, to_float32
from mav_engine.models.gguf.tensor_types import FILE_TYPES, READABLE_TYPES, TENSOR_TYPES
from tests.engine.conftest import EMBEDDED
from tests.engine.gguf_files import K_TYPES, quantized, write_model
from tests.engine.runs import alone, tokens_of
from tests.engine.test_native_models import (
    IDS,
    LENGTH,
    POINTS,
    assert_same_step,
    by_transformers,
    close,
    native,
)
from tests.mav_command import mav

COMMON = {"vocab_size": 4096, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": None}
LLAMA = {
    **COMMON,
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}
# transformers ignores the length that a file states.
GPT2 = {**COMMON, "n_embd": 256, "n_layer": 2, "n_head": 4, "n_positions": 1024}
MIXED = {
    "attn_v.weight": Type.Q6_K,
    "ffn_down.weight": Type.Q6_K,
    "token_embd.weight": Type.Q8_0,
    "output.weight": Type.Q6_K,
    ".weight": Type.Q4_K,
}
"""As in a file of the type Q4_K_M."""
FILES: dict[str, tuple[str, dict[str, Any], Type | Mapping[str, Type]]] = {
    "llama": ("llama", LLAMA, Type.F32),
    "llama, F16, tied": ("llama", {**LLAMA, "tie_word_embeddings": True}, Type.F16),
    "llama, Q8_0": ("llama", LLAMA, Type.Q8_0),
    "llama, Q4_0, tied": ("llama", {**LLAMA, "tie_word_embeddings": True}, Type.Q4_0),
    "llama, Q4_1": ("llama", LLAMA, Type.Q4_1),
    "llama, Q5_0": ("llama", LLAMA, Type.Q5_0),
    "llama, Q5_1": ("llama", LLAMA, Type.Q5_1),
    "llama, Q4_K": ("llama", LLAMA, Type.Q4_K),
    "llama, Q6_K": ("llama", LLAMA, Type.Q6_K),
    "llama, Q2_K": ("llama", LLAMA, Type.Q2_K),
    "llama, mixed": ("llama", LLAMA, MIXED),
    "qwen2, Q8_0": ("qwen2", {**LLAMA, "tie_word_embeddings": True}, Type.Q8_0),
    "qwen3, mixed": ("qwen3", {**LLAMA, "head_dim": 128}, MIXED),
    "gpt2": ("gpt2", GPT2, Type.F32),
    "gpt2, Q4_1": ("gpt2", GPT2, Type.Q4_1),
    "gpt2, mixed, untied": ("gpt2", {**GPT2, "tie_word_embeddings": False}, MIXED),
}


def make_model(kind: str, config: dict[str, Any]) -> Any:
    torch.manual_seed(len(str(config)))
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **config))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                parameter.mul_(3)
            elif name.endswith("bias"):
                parameter.normal_(0, 0.3)
            else:  # norms
                parameter.add_(0.2 * torch.randn_like(parameter))
    return model.eval()


def read_by_transformers(path: Path) -> Any:
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager"
    )
    return model.eval()


@dataclass
class Made:
    """A file with both backends for it."""

    path: Path

    @cached_property
    def ours(self) -> Backend:
        return native(self.path)

    @cached_property
    def theirs(self) -> Backend:
        return by_transformers(self.path)


@pytest.fixture(scope="module", params=FILES)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    kind, config, number_type = FILES[request.param]
    path = tmp_path_factory.mktemp("gguf") / "model.gguf"
    return Made(write_model(path, make_model(kind, config), number_type))


def logits_of(backend: Backend, ids: list[int] = IDS) -> np.ndarray:
    session = backend.open(POINTS, len(ids))
    logits = session.prefill(ids).step.logits
    session.close()
    return np.asarray(logits)


def test_numbers_are_those_of_transformers_own_reading(made: Made) -> None:
    model = read_by_transformers(made.path)
    with torch.no_grad():
        output = model(torch.tensor([IDS]), output_hidden_states=True, output_attentions=True)
    session = made.ours.open(POINTS, LENGTH)
    read = session.prefill(IDS)
    session.close()
    close(read.step.logits, output.logits[0, -1])
    resid = [state[0, -1] for state in output.hidden_states[:-1]]
    assert read.step.resid is not None
    close(read.step.resid[:-1], torch.stack(resid))
    close(read.pattern, torch.stack([each[0] for each in output.attentions]))


def test_both_backends_have_the_same_model(made: Made) -> None:
    ours, theirs = made.ours, made.theirs
    assert ours.info == theirs.info
    assert ours.fingerprint == theirs.fingerprint
    assert ours.eos_ids == theirs.eos_ids == {0}
    assert ours.encode_prompt("Once upon a time") == theirs.encode_prompt("Once upon a time")
    one, other = (each.open(POINTS, LENGTH + 2) for each in (ours, theirs))
    assert_same_step(one.prefill(IDS).step, other.prefill(IDS).step)
    for token_id in (7, 300):
        assert_same_step(one.step(token_id), other.step(token_id))


def with_rope(**fields: Any) -> dict[str, Any]:
    return {**LLAMA, "rope_parameters": {"rope_theta": 5e4, **fields}}


def llama3_divisors(config: Any) -> np.ndarray:
    """As llama.cpp's converter computes `rope_freqs.weight`."""
    rope = config.rope_parameters
    size = config.hidden_size // config.num_attention_heads
    original = rope["original_max_position_embeddings"]
    low, high = original / rope["low_freq_factor"], original / rope["high_freq_factor"]
    divisors = []
    for frequency in 1 / rope["rope_theta"] ** (np.arange(0, size, 2) / size):
        wavelength = 2 * np.pi / frequency
        smooth = (original / wavelength - rope["low_freq_factor"]) / (
            rope["high_freq_factor"] - rope["low_freq_factor"]
        )
        between = 1 / ((1 - smooth) / rope["factor"] + smooth)
        divisors.append(1 if wavelength < high else rope["factor"] if wavelength > low else between)
    return np.array(divisors, np.float32)


LLAMA3_ROPE = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
ROPES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "linear": (
        {"rope_type": "linear", "factor": 4.0},
        {"llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4.0},
    ),
    "linear, as older files state it": (
        {"rope_type": "linear", "factor": 4.0},
        {"llama.rope.scale_linear": 4.0},
    ),
    "yarn": (
        {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32},
        {
            "llama.rope.scaling.type": "yarn",
            "llama.rope.scaling.factor": 4.0,
            "llama.rope.scaling.original_context_length": 32,
        },
    ),
    "none": ({"rope_type": "default"}, {"llama.rope.scaling.type": "none"}),
    "llama3": (LLAMA3_ROPE, {}),
    "llama3, factor 32": ({**LLAMA3_ROPE, "factor": 32.0}, {}),
}


@pytest.mark.parametrize("name", ROPES)
def test_rotary_scaling_is_that_of_the_original_model(name: str, tmp_path: Path) -> None:
    """transformers ignores it in files, so the truth is the model that was converted."""
    rope, settings = ROPES[name]
    model = make_model("llama", with_rope(**rope))
    extra = {}
    if rope["rope_type"] == "llama3":
        extra["rope_freqs.weight"] = llama3_divisors(model.config)
        assert len(set(extra["rope_freqs.weight"].tolist())) > 3
    path = write_model(tmp_path / "model.gguf", model, extra=extra, **settings)
    with torch.no_grad():
        expected = model(torch.tensor([IDS])).logits[0, -1]
    for backend in (native(path), by_transformers(path)):
        close(logits_of(backend), expected)


def test_the_size_of_a_head_is_read(tmp_path: Path) -> None:
    """transformers takes 128 for every Qwen3."""
    model = make_model("qwen3", {**LLAMA, "head_dim": 32})
    path = write_model(tmp_path / "model.gguf", model)
    with torch.no_grad():
        expected = model(torch.tensor([IDS])).logits[0, -1]
    for backend in (native(path), by_transformers(path)):
        close(logits_of(backend), expected)


@pytest.mark.parametrize("dtype", ["bfloat16", "int8-dynamic"])
def test_other_precisions_of_a_file(dtype: str, tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.gguf", make_model("llama", LLAMA), Type.Q8_0)
    backend = load_backend(str(path), dtype=dtype)
    assert backend.info.dtype == dtype
    close(logits_of(backend), logits_of(native(path)), 0.1)


def test_an_architecture_that_transformers_reads(tmp_path: Path) -> None:
    model = make_model(
        "starcoder2", {**LLAMA, "tie_word_embeddings": True, "norm_epsilon": 1e-5, "use_bias": True}
    )
    path = write_model(tmp_path / "model.gguf", model, Type.Q8_0)
    backend = load_backend(str(path))
    assert backend.info.title == "model.gguf"
    with torch.no_grad():
        expected = read_by_transformers(path)(torch.tensor([IDS])).logits[0, -1]
    close(logits_of(backend), expected)
    tokens = tokens_of(alone(backend, prompt="Once upon a time", max_new_tokens=3))
    assert len(tokens) == 3
    assert np.shape(tokens[0].layers.resid_norm) == (3,)


def test_a_file_is_compared_with_the_folder_that_it_was_made_from(tmp_path: Path) -> None:
    model = make_model("llama", LLAMA)
    path = write_model(tmp_path / "m.gguf", model, Type.Q4_0, tokenizer__ggml__add_bos_token=True)
    model.save_pretrained(tmp_path / "folder")
    AutoTokenizer.from_pretrained(EMBEDDED).save_pretrained(tmp_path / "folder")
    ended = mav("compare", str(path), str(tmp_path / "folder"), "--max-new-tokens", "3", "--json")
    assert ended.returncode == 0, ended.stderr
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    prompts = [
        [token["id"] for token in each["event"]["tokens"]]
        for each in events
        if each["type"] == "side" and each["event"]["type"] == "prompt"
    ]
    assert prompts[0] == prompts[1]
    apart = [each for each in events if each["type"] == "divergence"]
    assert len(apart) == 3
    for each in apart:
        assert each["kl"] > 0
        assert len(each["resid_distance"]) == 3


@pytest.mark.parametrize("kind", sorted(READABLE))
def test_blocks_are_converted_as_by_llama_cpp(kind: str) -> None:
    if kind == "F64":
        values = np.array([1.5, -2.25])
        assert to_float32(values.view(np.uint8).reshape(2, 8), kind).tolist() == [[1.5], [-2.25]]
        return
    number = Type[kind]
    size = gguf.GGML_QUANT_SIZES[number][1]
    random = np.random.default_rng(int(number))
    blocks = random.integers(0, 256, (500, size), np.uint8)
    blocks[0], blocks[1] = 0, 255
    with np.errstate(all="ignore"):
        expected = gguf.quants.dequantize(blocks, number).reshape(len(blocks), -1)
    np.testing.assert_array_equal(to_float32(blocks, kind), expected)


def test_the_types_are_those_of_the_format() -> None:
    for number, each in TENSOR_TYPES.items():
        assert (each.name, (each.block, each.size)) == (
            Type(number).name,
            gguf.GGML_QUANT_SIZES[Type(number)],
        )
    assert set(READABLE) == READABLE_TYPES
    names = {each.value: each.name for each in gguf.LlamaFileType}
    for number, name in FILE_TYPES.items():
        assert names[number].split("_", 1)[1].startswith(name)


def test_the_helper_makes_blocks_of_every_type() -> None:
    values = np.random.default_rng(1).normal(0, 1, (4, 512)).astype(np.float32)
    for kind in (*K_TYPES, Type.Q8_0, Type.Q4_0):
        blocks = quantized(values, kind)
        assert np.isfinite(gguf.quants.dequantize(blocks, kind)).all()
