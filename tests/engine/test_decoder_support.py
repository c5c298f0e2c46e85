"""Models beside the plain Llama and GPT-2: which ones a decoder may run, and that the
text and the numbers of all of them are transformers' own, late in the context too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig

from mav_engine import RunSettings, collect, run
from mav_engine.backends import load_backend
from mav_engine.backends.hf import decoders
from tests.sweep.models import byte_tokenizer

TOKENIZER = byte_tokenizer()
SIZES: dict[str, Any] = {
    "vocab_size": len(TOKENIZER), "hidden_size": 32, "intermediate_size": 48,
    "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 256, "bos_token_id": 1, "eos_token_id": None, "pad_token_id": 2,
}  # fmt: skip
GPT2 = {
    "vocab_size": len(TOKENIZER), "n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 256,
    "bos_token_id": 1, "eos_token_id": None, "pad_token_id": 2,
}  # fmt: skip
LONG = {"short_factor": [1.0] * 4, "long_factor": [3.0] * 4}


def rope(kind: str, **parameters: Any) -> dict[str, Any]:
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 1e4, **parameters}}


DECODED: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", {"attention_bias": True, "mlp_bias": True, "hidden_act": "gelu"}),
    "linear": ("llama", rope("linear", factor=4.0)),
    "llama3": (
        "llama",
        rope("llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
             original_max_position_embeddings=32),
    ),
    "yarn": (
        "llama", rope("yarn", factor=8.0, original_max_position_embeddings=32, mscale=0.7,
                      mscale_all_dim=1.3),
    ),
    "mistral": ("mistral", {"sliding_window": None}),
    "qwen2": ("qwen2", {}),
    "qwen3": ("qwen3", {"head_dim": 16}),
    "seed_oss": ("seed_oss", {"head_dim": 8, "attention_out_bias": True}),
    "gpt2": ("gpt2", {}),
}  # fmt: skip
"""Configurations that the decoders implement."""
OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "queries scaled by position": (
        "ministral3",
        {
            "sliding_window": None,
            **rope("default", original_max_position_embeddings=16, llama_4_scaling_beta=0.5),
        },
    ),
    "dynamic rope": ("llama", {"max_position_embeddings": 32, **rope("dynamic", factor=8.0)}),
    "longrope": ("llama", rope("longrope", original_max_position_embeddings=32, **LONG)),
    "longrope that reads again": (
        "phi3", {"original_max_position_embeddings": 32, **rope("longrope", **LONG)},
    ),
    "sliding window": ("mistral", {"sliding_window": 16}),
    "sliding window of some layers": (
        "qwen2", {"use_sliding_window": True, "sliding_window": 16, "max_window_layers": 2},
    ),
    "chunks, scaled queries, layers without positions": (
        "llama4_text",
        {
            "head_dim": 8, "attention_chunk_size": 16, "floor_scale": 16, "attn_scale": 1.0,
            "num_local_experts": 2, "num_experts_per_tok": 1, "intermediate_size_mlp": 48,
            "interleave_moe_layer_step": 2, "no_rope_layers": [1, 0, 1, 0],
        },
    ),
    "multipliers": (
        "granite",
        {
            "attention_multiplier": 0.3, "embedding_multiplier": 3.0, "residual_multiplier": 0.5,
            "logits_scaling": 2.0,
        },
    ),
    "soft caps": (
        "gemma2",
        {
            "head_dim": 8, "sliding_window": 16, "attn_logit_softcapping": 2.0,
            "final_logit_softcapping": 5.0,
        },
    ),
    "clipped values": ("olmo", {"clip_qkv": 0.5}),
    "layers without positions": ("smollm3", {}),
    "partial rotary": ("phi", {"partial_rotary_factor": 0.5}),
    "attention by layer": (
        "gpt2", {"scale_attn_by_inverse_layer_idx": True, "reorder_and_upcast_attn": True},
    ),
    "alibi": ("falcon", {"alibi": True, "new_decoder_architecture": False}),
}  # fmt: skip
"""Configurations that only the model's own pass implements."""
ALL = DECODED | OTHERS


def saved(folder: Path, kind: str, fields: dict[str, Any]) -> Path:
    """A random model whose predictions differ between tokens."""
    sizes = GPT2 if kind == "gpt2" else SIZES
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **{**sizes, **fields}))
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.normal_(std=0.3)
            else:
                weight.add_(0.1 * torch.randn_like(weight))
    model.generation_config = GenerationConfig(eos_token_id=0, pad_token_id=2)
    model.save_pretrained(folder)
    TOKENIZER.save_pretrained(folder)
    return folder


def own(folder: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    )


def generated(folder: Path, prompt: str, count: int) -> list[int]:
    """By `generate()` of a model that was just loaded."""
    ids = TOKENIZER(prompt, return_tensors="pt")["input_ids"]
    written = own(folder).generate(ids, max_new_tokens=count, do_sample=False)
    return list(written[0, ids.shape[1] :].tolist())


def written(backend: Any, prompt: str, count: int, **settings: Any) -> list[Any]:
    given = RunSettings(prompt=prompt, max_new_tokens=count, temperature=0, **settings)
    return list(collect(run(given, backend=backend)).tokens)


@pytest.mark.parametrize("case", ALL)
def test_text_and_numbers_are_those_of_transformers(case: str, tmp_path: Path) -> None:
    folder = saved(tmp_path, *ALL[case])
    backend: Any = load_backend(str(folder))
    assert (backend._batch_decoder is not None) == (case in DECODED)
    tokens = written(backend, "A tall tree", 50, capture=["attention_entropy", "residual"])
    ids = [each.token.id for each in tokens]
    assert ids == generated(folder, "A tall tree", 50)
    assert len(set(ids)) > 1 or case == "soft caps"
    if backend.depends_on_length:
        return  # its keys are not those of reading the text at once
    whole = torch.tensor([TOKENIZER("A tall tree")["input_ids"] + ids[:-1]])
    with torch.no_grad():
        output = own(folder)(whole, output_attentions=True, output_hidden_states=True)
    logprob = float(output.logits[0, -1].log_softmax(-1)[ids[-1]])
    assert tokens[-1].logprob == pytest.approx(logprob, abs=1e-4)
    for layer, pattern in enumerate(output.attentions):
        entropy = torch.special.entr(pattern[0, :, -1]).sum(-1)
        found = tokens[-1].layers.attn_entropy[layer]
        torch.testing.assert_close(torch.tensor(found), entropy, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("case", ["dynamic rope", "longrope", "longrope that reads again"])
def test_models_that_scale_by_length_do_not_depend_on_earlier_runs(
    case: str, tmp_path: Path
) -> None:
    folder = saved(tmp_path, *OTHERS[case])
    backend = load_backend(str(folder))
    written(backend, "A tall tree " * 8, 20)
    prompt = "A tall tree stood near the old house"
    tokens = written(backend, prompt, 20)
    assert [each.token.id for each in tokens] == generated(folder, prompt, 20)


def test_a_resumed_run_of_such_a_model_writes_what_would_have_followed(tmp_path: Path) -> None:
    backend = load_backend(str(saved(tmp_path, *OTHERS["dynamic rope"])))
    whole = written(backend, "A tall tree", 60)
    given = RunSettings(prompt="A tall tree", max_new_tokens=40, temperature=0)
    first = collect(run(given, backend=backend))
    rest = collect(run(RunSettings(resume=first.end.resume, max_new_tokens=20), backend=backend))
    ids = [each.token.id for each in [*first.tokens, *rest.tokens]]
    assert ids == [each.token.id for each in whole]


def test_a_long_prompt_of_a_model_that_scales_by_length_is_read_at_once(tmp_path: Path) -> None:
    kind, fields = OTHERS["dynamic rope"]
    folder = saved(tmp_path, kind, {**fields, **rope("dynamic", factor=32.0)})
    prompt = "A tall tree " * 50
    tokens = written(load_backend(str(folder)), prompt, 5)
    assert [each.token.id for each in tokens] == generated(folder, prompt, 5)


@contextmanager
def _any_configuration(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(decoders, "unsupported_by_llama", lambda _model, _config: None)
        yield


@pytest.mark.parametrize(
    ("case", "fields"),
    [
        ("queries scaled by position", {}),
        ("queries scaled by position", {"max_position_embeddings": 131072}),
        ("multipliers", {}),
    ],
)
def test_verification_alone_finds_what_changes_late_in_the_context(
    case: str, fields: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, given = OTHERS[case]
    folder = saved(tmp_path, kind, {**given, **fields})
    with _any_configuration(monkeypatch):
        backend: Any = load_backend(str(folder))
    assert backend._batch_decoder is None


@pytest.mark.parametrize(
    ("fields", "decoded"),
    [
        ({"some_new_field": 3}, False),
        ({"some_new_field": None, "is_llama_config": True, "pretraining_tp": 2}, True),
        ({"quantization_config": {"bits": 4}}, False),
        (rope("default", some_new_scaling=0.1), False),
        ({"sliding_window": 64}, False),
        ({"layer_types": ["full_attention", "chunked_attention"] * 2}, False),
    ],
)
def test_a_field_that_is_not_known_takes_the_general_path(
    fields: dict[str, Any], decoded: bool
) -> None:
    config = AutoConfig.for_model("llama", **SIZES)
    model: Any = AutoModelForCausalLM.from_config(config).eval()
    assert decoders.decoder_for(model, config) is not None
    for name, value in fields.items():
        setattr(config, name, value)
    assert (decoders.decoder_for(model, config) is not None) == decoded


def test_a_class_or_a_part_that_is_not_known_takes_the_general_path() -> None:
    config = AutoConfig.for_model("llama", **SIZES)
    model: Any = AutoModelForCausalLM.from_config(config).eval()
    kind = type(model)
    model.__class__ = type("Changed", (kind,), {})
    assert decoders.decoder_for(model, config) is None
    model.__class__ = kind
    attention = model.model.layers[1].self_attn
    attention.forward = attention.forward
    assert decoders.decoder_for(model, config) is None
    del attention.forward
    assert decoders.decoder_for(model, config) is not None
    attention.__class__ = type("Changed", (type(attention),), {})
    assert decoders.decoder_for(model, config) is None
