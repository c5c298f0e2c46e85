"""A caller's own model: measured like a loaded one, and left exactly as it was."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import peft
import pytest
import torch
from torch import distributed, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import fully_shard
from transformers import AutoModelForCausalLM, AutoTokenizer

from mav_engine import RunSettings, run
from mav_engine.backends.hf.borrowed_model import borrowed_backend
from mav_engine.contract.events import Error, Event, Token
from mav_engine.errors import ModelLoadFailed
from tests.engine.conftest import Case
from tests.engine.model_state import everything_of

CAPTURE = ["residual", "mlp", "attention_entropy", "attention_rows", "logit_lens"]
GREEDY = {"max_new_tokens": 6, "seed": 1, "capture": CAPTURE}


def lent(case: Case, attention: str | None = None, **options: Any) -> tuple[Any, Any]:
    model = AutoModelForCausalLM.from_pretrained(
        case.folder, dtype=torch.float32, attn_implementation=attention, **options
    )
    return model, AutoTokenizer.from_pretrained(case.folder)


def events_of(model: Any, tokenizer: Any, **settings: Any) -> list[Event]:
    given = RunSettings(prompt="Once upon a time", **{**GREEDY, **settings})
    return list(run(given, backend=borrowed_backend(model, tokenizer)))


@pytest.mark.parametrize("attention", [None, "eager"])
def test_a_borrowed_model_gives_the_numbers_of_a_loaded_one(
    case: Case, attention: str | None
) -> None:
    model, tokenizer = lent(case, attention)
    ours = events_of(model.train(), tokenizer)
    theirs = list(run(RunSettings(prompt="Once upon a time", **GREEDY), backend=case.backend))
    assert ours[-1].text == theirs[-1].text
    for one, other in zip(ours, theirs, strict=True):
        if isinstance(one, Token):
            for name in ("resid_norm", "mlp_norm", "attn_norm", "attn_entropy"):
                found, wanted = getattr(one.layers, name), getattr(other.layers, name)
                np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)
            np.testing.assert_allclose(one.attention_rows, other.attention_rows, atol=1e-4)
            assert [row.id for row in one.logit_lens] == [row.id for row in other.logit_lens]


@pytest.mark.parametrize("attention", [None, "eager"])
def test_a_borrowed_model_is_unchanged_even_between_two_tokens(
    case: Case, attention: str | None
) -> None:
    model, tokenizer = lent(case, attention)
    model.train()
    model.get_submodule(next(name for name, _ in model.named_children())).eval()
    tokenizer.backend_tokenizer.enable_truncation(3)
    tokenizer.backend_tokenizer.enable_padding(length=9)
    before = everything_of(model, tokenizer)
    backend = borrowed_backend(model, tokenizer)
    events = run(RunSettings(prompt="Once upon a time", **GREEDY), backend=backend)
    for event in events:
        assert not isinstance(event, Error), event.detail
        assert everything_of(model, tokenizer) == before
    assert everything_of(model, tokenizer) == before


def test_the_prompt_is_not_cut_by_the_truncation_of_a_data_set(tiny_case: Case) -> None:
    model, tokenizer = lent(tiny_case)
    plain = events_of(model, tokenizer)
    tokenizer.backend_tokenizer.enable_truncation(2)
    tokenizer.backend_tokenizer.enable_padding(length=64)
    assert [each.id for each in events_of(model, tokenizer)[1].tokens] == [
        each.id for each in plain[1].tokens
    ]


def test_a_pass_that_fails_leaves_the_model_as_it_was(tiny_case: Case) -> None:
    model, tokenizer = lent(tiny_case)
    backend = borrowed_backend(model.train(), tokenizer)
    model.model.layers[2].mlp.register_forward_hook(_fail)
    before = everything_of(model, tokenizer)
    *_, last = run(RunSettings(prompt="Once", **GREEDY), backend=backend)
    assert isinstance(last, Error)
    assert everything_of(model, tokenizer) == before


def _fail(*_: object) -> None:
    raise RuntimeError("a hook of the owner's")


def test_dropout_of_a_model_in_training_is_not_in_the_numbers(tiny_case: Case) -> None:
    model, tokenizer = lent(tiny_case, attention_dropout=0.9)
    assert (
        events_of(model.train(), tokenizer)[-1].text == events_of(model.eval(), tokenizer)[-1].text
    )


def test_weights_that_change_between_two_runs_are_read_anew(tiny_case: Case) -> None:
    model, tokenizer = lent(tiny_case)
    backend = borrowed_backend(model, tokenizer)
    tiled = RunSettings(prompt="Once upon a time", **{**GREEDY, "capture": ["tiles"]})
    first = list(run(tiled, backend=backend))
    fingerprint = backend.fingerprint
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(0.5)
    changed = list(run(tiled, backend=backend))
    fresh = events_of(model, tokenizer, capture=["tiles"])
    assert changed[3].logprob != first[3].logprob
    assert changed[3].logprob == fresh[3].logprob
    np.testing.assert_array_equal(changed[3].tiles, fresh[3].tiles)
    assert backend.fingerprint != fingerprint


def test_autocast_around_a_run_keeps_no_weight_without_gradient(tiny_case: Case) -> None:
    model, tokenizer = lent(tiny_case)
    ids = torch.tensor([[5, 6, 7]])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        events = events_of(model.train(), tokenizer)
        model(input_ids=ids, labels=ids).loss.backward()
    assert all(weight.grad is not None for weight in model.parameters())
    assert events[-1].text == events_of(model, tokenizer)[-1].text, "autocast rounds the run"


of_peft = pytest.mark.filterwarnings(
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"
)
"""PEFT asks for an attribute that transformers has renamed."""
of_compile = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
"""Importing torch's compiler warns."""


class _Around(nn.Module):
    """A wrapper that only calls the model."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, **inputs: Any) -> Any:
        return self.module(**inputs)


class _Biased(_Around):
    """A wrapper that adds a learned bias to the logits, draws random numbers and counts."""

    def __init__(self, module: Any, bias: float) -> None:
        super().__init__(module)
        self.bias = nn.Parameter(torch.full((module.config.vocab_size,), bias))
        self.register_buffer("calls", torch.zeros(1))
        self.last: Any = None

    def forward(self, ids: torch.Tensor) -> Any:
        torch.rand(2)
        np.random.rand()
        random.random()
        self.calls += 1
        self.last = ids
        output = self.module(ids)
        output.logits = output.logits + self.bias * torch.arange(len(self.bias))
        return output


def _hooked(wrapper: nn.Module) -> nn.Module:
    """With a forward hook that changes the logits."""
    wrapper.register_forward_hook(lambda _module, _args, output: (2 * output.logits,))
    return wrapper


def _adapted(model: Any, config: Any) -> Any:
    """With an adapter whose numbers are random, as if it had been trained."""
    torch.manual_seed(3)
    adapted: Any = peft.get_peft_model(model, config)
    for name, weight in adapted.named_parameters():
        if weight.requires_grad:
            nn.init.normal_(weight, mean=1.0 if "ia3" in name or "gate" in name else 0.0, std=0.2)
    return adapted


_OF_TEXT: dict[str, Any] = {"task_type": "CAUSAL_LM"}
SOFT_PROMPTS: dict[str, Callable[[], Any]] = {
    "PROMPT_TUNING": lambda: peft.PromptTuningConfig(num_virtual_tokens=4, **_OF_TEXT),
    "PREFIX_TUNING": lambda: peft.PrefixTuningConfig(num_virtual_tokens=4, **_OF_TEXT),
    "P_TUNING": lambda: peft.PromptEncoderConfig(
        num_virtual_tokens=4, encoder_hidden_size=16, **_OF_TEXT
    ),
}
ADAPTERS: dict[str, Callable[[], Any]] = {
    "lora": lambda: peft.LoraConfig(lora_dropout=0.5, **_OF_TEXT),
    "lora and a saved module": lambda: peft.LoraConfig(modules_to_save=["norm"], **_OF_TEXT),
    "ia3": lambda: peft.IA3Config(
        target_modules=["k_proj", "down_proj"], feedforward_modules=["down_proj"], **_OF_TEXT
    ),
    "adaption prompt": lambda: peft.AdaptionPromptConfig(
        adapter_len=4, adapter_layers=2, **_OF_TEXT
    ),
}
TRANSPARENT: dict[str, Callable[[Any], Any]] = {
    "a wrapper": _Around,
    "torch.compile": torch.compile,
    "data parallel": nn.DataParallel,
    "a wrapper around torch.compile": lambda model: _Around(torch.compile(model)),  # type: ignore[arg-type]
    "a hook on the model itself": lambda model: model.register_forward_hook(_double) and model,
}


def _double(_module: nn.Module, _args: Any, output: Any) -> Any:
    output.logits = 2 * output.logits
    return output


def logprob_of_first(model: Any, tokenizer: Any, token_id: int) -> float:
    """By the model's own call, as its owner would make it."""
    ids = tokenizer("Once upon a time", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1]
    return float(logits.log_softmax(-1)[token_id])


@of_peft
@of_compile
@pytest.mark.parametrize("kind", SOFT_PROMPTS)
def test_soft_prompts_are_refused(tiny_case: Case, kind: str) -> None:
    model, tokenizer = lent(tiny_case)
    adapted = _adapted(model, SOFT_PROMPTS[kind]())
    wrapped = (adapted, _Around(adapted), torch.compile(adapted))
    before = everything_of(adapted, tokenizer)
    for given in wrapped:
        with pytest.raises(ModelLoadFailed, match=rf"{kind}.*logits differ by up to") as caught:
            borrowed_backend(given, tokenizer)
        assert caught.value.field == "model_obj"
    assert "merge_and_unload" in caught.value.detail
    assert everything_of(adapted, tokenizer) == before
    borrowed_backend(adapted.get_base_model(), tokenizer)


@of_peft
@pytest.mark.parametrize("kind", ADAPTERS)
def test_adapters_inside_of_the_model_are_measured(tiny_case: Case, kind: str) -> None:
    model, tokenizer = lent(tiny_case)
    plain = events_of(model, tokenizer)[2].logprob
    adapted = _adapted(model, ADAPTERS[kind]())
    before = everything_of(adapted.train(), tokenizer)
    token = events_of(adapted, tokenizer)[2]
    assert everything_of(adapted, tokenizer) == before
    own = logprob_of_first(adapted.eval(), tokenizer, token.token.id)
    assert token.logprob == pytest.approx(own, abs=1e-4)
    assert abs(token.logprob - plain) > 3e-4
    if kind == "lora":
        with adapted.disable_adapter():
            assert events_of(adapted, tokenizer)[2].logprob == pytest.approx(plain, abs=1e-4)


@of_compile
@pytest.mark.parametrize("kind", TRANSPARENT)
def test_wrappers_that_only_call_the_model_are_measured(tiny_case: Case, kind: str) -> None:
    model, tokenizer = lent(tiny_case)
    token = events_of(TRANSPARENT[kind](model), tokenizer)[2]
    own = logprob_of_first(model.eval(), tokenizer, token.token.id)
    assert token.logprob == pytest.approx(own, abs=1e-4)


@of_compile
@pytest.mark.parametrize("around", [_Around, nn.DataParallel, torch.compile])
def test_a_hook_on_a_wrapper_that_changes_its_logits_is_refused(
    tiny_case: Case, around: Callable[[Any], Any]
) -> None:
    model, tokenizer = lent(tiny_case)
    with pytest.raises(ModelLoadFailed, match="changes what the model inside computes"):
        borrowed_backend(_hooked(around(model)), tokenizer)


def test_a_wrapper_is_left_as_it_was_and_checked_before_every_run(tiny_case: Case) -> None:
    model, tokenizer = lent(tiny_case)
    wrapper = _Biased(model, 0.0).train()
    before = everything_of(wrapper.module, tokenizer) | vars(wrapper)
    backend = borrowed_backend(wrapper, tokenizer)
    settings = RunSettings(prompt="Once", max_new_tokens=2)
    assert list(run(settings, backend=backend))[-1].type == "done"
    assert everything_of(wrapper.module, tokenizer) | vars(wrapper) == before
    assert float(wrapper.calls) == 0
    assert wrapper.training
    with torch.no_grad():
        wrapper.bias[7] = 3.0  # as a training would
    *_, last = run(settings, backend=backend)
    assert isinstance(last, Error)
    assert "changes what the model inside computes" in last.detail
    with pytest.raises(ModelLoadFailed, match="The _Biased around this LlamaForCausalLM"):
        borrowed_backend(wrapper, tokenizer)


def test_a_wrapper_of_several_processes_is_not_called(
    tiny_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, tokenizer = lent(tiny_case)
    wrapper = _Biased(model, 0.0)
    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(distributed, "get_world_size", lambda: 2)
    borrowed_backend(model, tokenizer)
    with pytest.raises(ModelLoadFailed, match="several processes"):
        borrowed_backend(wrapper, tokenizer)
    assert wrapper.last is None


def test_a_wrapper_that_cannot_be_called_is_refused(tiny_case: Case) -> None:
    model, tokenizer = lent(tiny_case)
    wrapper = _Around(model)
    wrapper.register_forward_pre_hook(_fail)
    with pytest.raises(ModelLoadFailed, match=r"token ids alone \(.*a hook of the owner's"):
        borrowed_backend(wrapper, tokenizer)


def test_what_cannot_be_watched_is_refused_in_words(tiny_case: Case) -> None:
    model, tokenizer = lent(tiny_case)
    with pytest.raises(ModelLoadFailed, match="A Linear cannot be measured: it is not a"):
        borrowed_backend(nn.Linear(2, 2), tokenizer)
    with pytest.raises(ModelLoadFailed, match="LlamaModel does not predict the next token"):
        borrowed_backend(model.model, tokenizer)
    with pytest.raises(ModelLoadFailed, match="Give tokenizer_obj too") as caught:
        borrowed_backend(model, None)
    assert caught.value.field == "tokenizer_obj"


@pytest.fixture
def alone_in_a_group() -> Iterator[DeviceMesh]:
    """A process group of this process only, as a training over several has."""
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    yield init_device_mesh("cpu", (1,))
    distributed.destroy_process_group()


def test_weights_that_are_spread_over_processes_are_refused(
    tiny_case: Case, alone_in_a_group: DeviceMesh
) -> None:
    model, tokenizer = lent(tiny_case)
    fully_shard(model, mesh=alone_in_a_group)
    with pytest.raises(
        ModelLoadFailed, match=r"spread over processes .*saved checkpoint"
    ) as refused:
        borrowed_backend(model, tokenizer)
    assert refused.value.field == "model_obj"
