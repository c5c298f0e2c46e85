"""Models that are read from their files without torch: number by number what transformers gives.

Each is made by transformers with random weights. The comparisons are with transformers' own eager
outputs, and with the backend that uses transformers.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from mav_engine.backends import Backend
from mav_engine.backends.hf.load import load
from mav_engine.backends.inference.kernels import numpy_linear
from mav_engine.backends.inference.kernels.native.halves import halves_builds
from mav_engine.backends.inference.kernels.numpy_linear import WeightType, rounded_to
from mav_engine.backends.native.numpy_backend import load_by_numpy
from mav_engine.defaults import PREFIX_BYTES
from mav_engine.errors import RunFailed
from mav_engine.generation.capture import HookPoint, Step
from tests.engine.conftest import EMBEDDED
from tests.engine.runs import alone, assert_alike, tokens_of

POINTS: frozenset[HookPoint] = frozenset(
    {"resid", "mlp_out", "attn_out", "pattern", "full_pattern", "lens"}
)
_COMMON = {"vocab_size": 4096, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": None}
_LLAMA = {
    **_COMMON,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}
_GPT2 = {**_COMMON, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128}


def _rope(**fields: Any) -> dict[str, Any]:
    return {**_LLAMA, "head_dim": 32, "rope_parameters": {"rope_theta": 5e4, **fields}}


CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "gpt2": ("gpt2", _GPT2),
    "gpt2 with relu, untied": (
        "gpt2",
        {
            **_GPT2, "n_embd": 24, "n_head": 3, "n_inner": 40, "activation_function": "relu",
            "tie_word_embeddings": False,
        },
    ),
    "gpt2 with pytorch's gelu": (
        "gpt2",
        {**_GPT2, "activation_function": "gelu_pytorch_tanh", "layer_norm_epsilon": 1e-3},
    ),
    "llama": ("llama", _LLAMA),
    "llama with biases, tied": (
        "llama",
        {**_LLAMA, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True},
    ),
    "llama, linear": ("llama", _rope(rope_type="linear", factor=4.0)),
    "llama, llama3": (
        "llama",
        _rope(
            rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=64,
        ),
    ),
    "llama, yarn": (
        "llama",
        _rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=32),
    ),
    "llama, yarn with all parameters": (
        "llama",
        _rope(
            rope_type="yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=16.0,
            beta_slow=2.0, mscale=0.7, mscale_all_dim=0.5, truncate=False,
        ),
    ),
    "mistral": ("mistral", {**_LLAMA, "sliding_window": None}),
    "qwen2": ("qwen2", {**_LLAMA, "tie_word_embeddings": True}),
    "qwen3": ("qwen3", {**_LLAMA, "num_key_value_heads": 1, "head_dim": 16}),
}  # fmt: skip
LENGTH = 40
IDS = [place * 37 % 4096 for place in range(LENGTH)]
SAMPLED = {"prompt": "Once upon a time there was", "temperature": 0.9, "seed": 5, "top_p": 0.9}


def save_model(folder: Path, kind: str, config: dict[str, Any], **options: Any) -> Any:
    torch.manual_seed(len(str(config)))
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **config))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                parameter.mul_(6)
            elif name.endswith("bias"):
                parameter.normal_(0, 0.3)
            else:  # norms
                parameter.add_(0.2 * torch.randn_like(parameter))
    model.save_pretrained(folder, **options)
    AutoTokenizer.from_pretrained(EMBEDDED).save_pretrained(folder)
    return model.eval()


def native(folder: Path, dtype: str = "auto") -> Backend:
    backend = load_by_numpy(str(folder), name="model", dtype=dtype, prefix_bytes=PREFIX_BYTES)
    assert backend is not None
    return backend


def is_supported(folder: Path, dtype: str = "auto") -> bool:
    given = {"name": "model", "dtype": dtype, "prefix_bytes": 0}
    return load_by_numpy(str(folder), **given) is not None


def by_transformers(folder: Path, dtype: str = "auto") -> Backend:
    return load(str(folder), name="model", device="cpu", dtype=dtype, prefix_bytes=PREFIX_BYTES)


@dataclass
class Made:
    """A model folder with both backends for it."""

    folder: Path
    model: Any

    @cached_property
    def ours(self) -> Backend:
        return native(self.folder)

    @cached_property
    def theirs(self) -> Backend:
        return by_transformers(self.folder)


@pytest.fixture(scope="module", params=CONFIGS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("model")
    return Made(folder, save_model(folder, *CONFIGS[request.param]))


def close(one: Any, other: Any, tolerance: float = 1e-4) -> None:
    assert one is not None
    assert other is not None
    other = np.asarray(other)
    np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * float(np.abs(other).max()))


def assert_same_step(one: Step, other: Step, tolerance: float = 1e-4) -> None:
    assert one.n_keys == other.n_keys
    for name in ("logits", "resid", "mlp_out", "attn_out", "pattern", "lens"):
        close(getattr(one, name), getattr(other, name), tolerance)


def test_numbers_are_transformers_own_outputs(made: Made) -> None:
    made.model.set_attn_implementation("eager")
    with torch.no_grad():
        output = made.model(torch.tensor([IDS]), output_hidden_states=True, output_attentions=True)
    session = made.ours.open(POINTS, LENGTH)
    read = session.prefill(IDS)
    session.close()
    close(read.step.logits, output.logits[0, -1])
    resid = [state[0, -1] for state in output.hidden_states[:-1]]
    assert read.step.resid is not None
    close(read.step.resid[:-1], torch.stack(resid))
    close(read.pattern, torch.stack([each[0] for each in output.attentions]))
    logs = torch.log_softmax(output.logits[0].double(), -1)
    expected = [float(logs[at, token_id]) for at, token_id in enumerate(IDS[1:])]
    np.testing.assert_allclose(np.array(read.logprobs[1:], float), expected, rtol=1e-3, atol=1e-4)


def test_every_tensor_is_that_of_the_other_backend(made: Made) -> None:
    ours, theirs = (each.open(POINTS, LENGTH + 10) for each in (made.ours, made.theirs))
    read, expected = ours.prefill(IDS), theirs.prefill(IDS)
    assert_same_step(read.step, expected.step)
    close(read.pattern, expected.pattern)
    for token_id in (7, 300):
        assert_same_step(ours.step(token_id), theirs.step(token_id))
    for session in (ours, theirs):
        session.prefetch([11, 12])
    for token_id in (11, 12):
        assert_same_step(ours.step(token_id), theirs.step(token_id))
    ours.close()
    theirs.close()


def test_its_description_and_fingerprint_are_the_same(made: Made) -> None:
    ours, theirs = made.ours, made.theirs
    assert ours.info == theirs.info
    assert ours.fingerprint == theirs.fingerprint
    assert ours.eos_ids == theirs.eos_ids
    assert ours.chat_eos_ids == theirs.chat_eos_ids
    point: HookPoint = "mlp_out"
    close(ours.activations([5, 6, 7], point), theirs.activations([5, 6, 7], point))


@pytest.mark.parametrize("made", ["gpt2", "qwen3"], indirect=True)
def test_a_run_has_the_same_events(made: Made) -> None:
    settings = {**SAMPLED, "max_new_tokens": 12, "capture": ["attention_rows", "logit_lens"]}
    assert_alike(*(alone(each, **settings) for each in (made.ours, made.theirs)))


@pytest.mark.parametrize("made", ["gpt2", "llama, yarn"], indirect=True)
def test_shards_are_one_model(made: Made, tmp_path: Path) -> None:
    made.model.save_pretrained(tmp_path, max_shard_size="100KB")
    AutoTokenizer.from_pretrained(EMBEDDED).save_pretrained(tmp_path)
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 1
    assert native(tmp_path).fingerprint == made.ours.fingerprint


@pytest.fixture(scope="module", params=["gpt2", "llama with biases, tied"])
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Models whose layers have 64 inputs, as the compiled int8 product needs them."""
    kind, config = CONFIGS[request.param]
    widths = {"n_embd": 64} if kind == "gpt2" else {"hidden_size": 64, "intermediate_size": 128}
    folder = tmp_path_factory.mktemp("model")
    return Made(folder, save_model(folder, kind, config | widths))


@pytest.mark.parametrize("stored", [torch.float16, torch.bfloat16, torch.float64])
def test_a_checkpoint_of_another_type_has_the_same_numbers(
    small: Made, stored: torch.dtype, tmp_path: Path
) -> None:
    """In float32; 16-bit weights stay in 16 bits."""
    folder = Path(shutil.copytree(small.folder, tmp_path / "model"))
    path = folder / "model.safetensors"
    weights = {name: each.to(stored) for name, each in load_file(path).items()}
    save_file(weights, path, metadata={"format": "pt"})
    ours, theirs = native(folder), by_transformers(folder)
    assert ours.info == theirs.info
    assert ours.fingerprint == theirs.fingerprint
    one, other = (each.open(POINTS, LENGTH).prefill(IDS) for each in (ours, theirs))
    assert_same_step(one.step, other.step)
    if stored is not torch.float64 and halves_builds():
        assert ours.memory_bytes < 0.6 * small.ours.memory_bytes


TOLERANCE = {"float16": 0.01, "bfloat16": 0.05, "int8-dynamic": 1e-4}
"""transformers computes in half precision, the native engine in float32."""


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_precision_is_that_of_transformers(small: Made, dtype: str) -> None:
    ours, theirs = native(small.folder, dtype), by_transformers(small.folder, dtype)
    assert ours.info == theirs.info
    assert ours.info.dtype == dtype
    assert ours.fingerprint == theirs.fingerprint
    assert ours.memory_bytes < 0.6 * small.ours.memory_bytes
    # More tokens are prefilled by the model's own pass, which rounds other sums to int8.
    one, other = (each.open(POINTS, LENGTH).prefill(IDS[:24]) for each in (ours, theirs))
    assert_same_step(one.step, other.step, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["auto", "int8-dynamic"])
def test_a_run_continues_in_the_other_backend(small: Made, dtype: str) -> None:
    ours, theirs = native(small.folder, dtype), by_transformers(small.folder, dtype)
    settings = {**SAMPLED, "max_new_tokens": 8}
    ids = [token.token.id for token in tokens_of(alone(ours, **settings))]
    for begin, then in ((ours, theirs), (theirs, ours)):
        stopped = alone(begin, **settings | {"max_new_tokens": 4})[-1]
        more = alone(then, resume=stopped.resume, max_new_tokens=4)
        assert [token.token.id for token in tokens_of(more)] == ids[4:]


def test_an_int8_model_does_not_read_a_file_that_changed(tmp_path: Path) -> None:
    save_model(tmp_path, *CONFIGS["gpt2"])
    backend = native(tmp_path, "int8-dynamic")
    session = backend.open(POINTS, 8)
    session.prefill([1, 2, 3])
    with (tmp_path / "model.safetensors").open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(RunFailed, match=r"model\.safetensors was changed after"):
        session.step(4)


@pytest.mark.parametrize("wanted", ["float16", "bfloat16"])
def test_numbers_are_rounded_as_torch_rounds_them(wanted: WeightType) -> None:
    values = torch.randn(1000) * torch.logspace(-30, 30, 1000)
    values[:6] = torch.tensor([0.0, -0.0, torch.inf, -torch.inf, torch.nan, 1.00390625])
    expected = values.to(getattr(torch, wanted)).float().numpy()
    np.testing.assert_array_equal(rounded_to(values.numpy(), wanted), expected)


def test_without_compiled_code_numbers_are_the_same(
    small: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [native(small.folder, dtype) for dtype in ("auto", "float16", "int8-dynamic")]
    for build in ("products_build", "halves_build", "int8_build"):
        monkeypatch.setattr(numpy_linear, build, lambda: None)
    plain = [native(small.folder, dtype) for dtype in ("auto", "float16", "int8-dynamic")]
    for one, other in zip(plain, given, strict=True):
        ours, theirs = (each.open(POINTS, LENGTH).prefill(IDS) for each in (one, other))
        assert_same_step(ours.step, theirs.step)


def changed(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    given = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(given), encoding="utf-8")


NOT_SUPPORTED: dict[str, tuple[str, dict[str, Any]]] = {
    "another type": ("gpt2", {"model_type": "gpt_neox"}),
    "another head": ("gpt2", {"architectures": ["GPT2ForSequenceClassification"]}),
    "scores scaled by layer": ("gpt2", {"scale_attn_by_inverse_layer_idx": True}),
    "scores that are not scaled": ("gpt2", {"scale_attn_weights": False}),
    "upcast scores": ("gpt2", {"reorder_and_upcast_attn": True}),
    "cross-attention": ("gpt2", {"add_cross_attention": True}),
    "the exact gelu": ("gpt2", {"activation_function": "gelu"}),
    "heads that do not fit": ("gpt2", {"n_head": 5}),
    "an unknown field": ("gpt2", {"surprise": 1}),
    "quantized weights": ("gpt2", {"quantization_config": {"bits": 4}}),
    "another dtype": ("gpt2", {"dtype": "float8_e4m3fn"}),
    "dynamic positions": ("llama", {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0}}),
    "longrope": ("llama", {"rope_parameters": {"rope_type": "longrope", "factor": 2.0}}),
    "an unknown rotary field": ("llama", {"rope_parameters": {"rope_type": "default", "a": 1}}),
    "rotation of a part": ("llama", {"partial_rotary_factor": 0.5}),
    "a rotary factor that is none": (
        "llama",
        {"rope_parameters": {"rope_type": "linear", "factor": "4"}},
    ),
    "a window": ("mistral", {"sliding_window": 16}),
    "a window by layer": ("qwen2", {"use_sliding_window": True}),
    "windows": ("qwen3", {"layer_types": ["sliding_attention", "full_attention"]}),
}


@pytest.mark.parametrize("what", NOT_SUPPORTED)
def test_what_is_not_understood_is_not_run(
    what: str,
    supported: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    kind, changes = NOT_SUPPORTED[what]
    folder = Path(shutil.copytree(supported(kind), tmp_path / "model"))
    changed(folder, **changes)
    assert not is_supported(folder)


@pytest.fixture(scope="module")
def supported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a configuration that is supported."""
    made: dict[str, Path] = {}

    def folder(kind: str) -> Path:
        if kind not in made:
            made[kind] = tmp_path_factory.mktemp(kind)
            save_model(made[kind], *CONFIGS[kind])
            assert is_supported(made[kind])
        return made[kind]

    return folder


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_other_tensors_than_expected_are_not_run(
    kind: str, supported: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(supported(kind), tmp_path / "model"))
    path = folder / "model.safetensors"
    weights = load_file(path)
    name = next(each for each in weights if each.endswith("0.mlp.c_fc.weight") or "gate" in each)
    for other in (
        {each: weight for each, weight in weights.items() if each != name},
        weights | {name: weights[name][:-1].contiguous()},
        weights | {name: weights[name].to(torch.int8)},
        weights | {"something.else": torch.zeros(2)},
    ):
        save_file(other, path, metadata={"format": "pt"})
        assert not is_supported(folder)
    save_file(weights, path, metadata={"format": "mlx"})
    assert not is_supported(folder)


def test_the_first_gpt2_has_other_names_and_buffers(
    supported: Callable[[str], Path], tmp_path: Path
) -> None:
    """Its file has no prefix, masks beside the weights, and no field that later files have."""
    folder = Path(shutil.copytree(supported("gpt2"), tmp_path / "model"))
    path = folder / "model.safetensors"
    weights = {each.removeprefix("transformer."): w for each, w in load_file(path).items()}
    weights |= {f"h.{layer}.attn.bias": torch.ones(1, 1, 128, 128) for layer in range(2)}
    save_file(weights, path, metadata={"format": "pt"})
    read = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    kept = {"model_type", "n_embd", "n_layer", "n_head", "n_positions", "vocab_size"}
    older = {name: value for name, value in read.items() if name in kept}
    (folder / "config.json").write_text(json.dumps(older), encoding="utf-8")
    (folder / "generation_config.json").unlink()
    ours, theirs = native(folder), by_transformers(folder)
    assert ours.fingerprint == theirs.fingerprint == native(supported("gpt2")).fingerprint
    assert ours.info == theirs.info
    assert ours.eos_ids == theirs.eos_ids


def test_a_tied_unembedding_may_be_in_the_file_if_it_is_the_same(
    supported: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(supported("gpt2"), tmp_path / "model"))
    path = folder / "model.safetensors"
    weights = load_file(path)
    head = weights["transformer.wte.weight"].clone()
    save_file(weights | {"lm_head.weight": head}, path, metadata={"format": "pt"})
    assert native(folder).fingerprint == native(supported("gpt2")).fingerprint
    head[-1, -1] += 1
    save_file(weights | {"lm_head.weight": head}, path, metadata={"format": "pt"})
    assert not is_supported(folder)


def test_older_rotary_fields_are_understood(
    supported: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(supported("llama, linear"), tmp_path / "model"))
    read = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    rope = read.pop("rope_parameters")
    older = {"rope_theta": rope["rope_theta"], "rope_scaling": {"type": "linear", "factor": 4.0}}
    (folder / "config.json").write_text(json.dumps(read | older), encoding="utf-8")
    one, other = (
        native(each).open(POINTS, LENGTH).prefill(IDS)
        for each in (folder, supported("llama, linear"))
    )
    assert one.step.logits.tolist() == other.step.logits.tolist()
