"""A caller's own model: measured like a loaded one, and left exactly as it was."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import distributed, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import fully_shard
from transformers import AutoModelForCausalLM, AutoTokenizer

from mav_engine import RunSettings, run
from mav_engine.backends.transformers.lent import lent_backend
from mav_engine.errors import ModelLoadFailed
from mav_engine.events import Error, Event, Token
from tests.engine.conftest import Case

CAPTURE = ["residual", "mlp", "attention_entropy", "attention_rows", "logit_lens"]
GREEDY = {"max_new_tokens": 6, "seed": 1, "capture": CAPTURE}


def lent(case: Case, attention: str | None = None, **options: Any) -> tuple[Any, Any]:
    model = AutoModelForCausalLM.from_pretrained(
        case.folder, dtype=torch.float32, attn_implementation=attention, **options
    )
    return model, AutoTokenizer.from_pretrained(case.folder)


def told(model: Any, tokenizer: Any, **settings: Any) -> list[Event]:
    given = RunSettings(prompt="Once upon a time", **{**GREEDY, **settings})
    return list(run(given, backend=lent_backend(model, tokenizer)))


def everything_of(model: nn.Module, tokenizer: Any) -> dict[str, Any]:
    """What a caller could find changed: of modules, configurations, tokenizer and generators."""
    found: dict[str, Any] = {}
    for name, module in model.named_modules():
        own = vars(module)
        found |= {f"{name}.{key}": id(value) for key, value in own.items() if key != "training"}
        found[f"{name}.training"] = module.training
        for table, held in own.items():
            if table.startswith("_") and isinstance(held, dict):
                found[f"{name}.{table}"] = [(key, id(value)) for key, value in held.items()]
    config: Any = model.config
    found["config"] = {key: repr(value) for key, value in vars(config).items()}
    found["weights"] = [
        (name, weight.device, weight.dtype, weight.requires_grad, weight._version, weight.grad)
        for name, weight in model.named_parameters()
    ]
    fast = tokenizer.backend_tokenizer
    found["tokenizer"] = (fast.truncation, fast.padding, tokenizer.pad_token)
    found["torch"] = torch.get_rng_state().tolist()
    found["numpy"] = np.random.get_state()[1].tolist()
    found["random"] = random.getstate()
    found["threads"] = torch.get_num_threads()
    found["gradients"] = torch.is_grad_enabled()
    return found


@pytest.mark.parametrize("attention", [None, "eager"])
def test_a_lent_model_gives_the_numbers_of_a_loaded_one(case: Case, attention: str | None) -> None:
    model, tokenizer = lent(case, attention)
    ours = told(model.train(), tokenizer)
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
def test_nothing_of_a_lent_model_changes_not_even_between_two_tokens(
    case: Case, attention: str | None
) -> None:
    model, tokenizer = lent(case, attention)
    model.train()
    model.get_submodule(next(name for name, _ in model.named_children())).eval()
    tokenizer.backend_tokenizer.enable_truncation(3)
    tokenizer.backend_tokenizer.enable_padding(length=9)
    before = everything_of(model, tokenizer)
    backend = lent_backend(model, tokenizer)
    events = run(RunSettings(prompt="Once upon a time", **GREEDY), backend=backend)
    for event in events:
        assert not isinstance(event, Error), event.detail
        assert everything_of(model, tokenizer) == before
    assert everything_of(model, tokenizer) == before


def test_the_prompt_is_not_cut_by_the_truncation_of_a_data_set(tiny_case: Case) -> None:
    model, tokenizer = lent(tiny_case)
    plain = told(model, tokenizer)
    tokenizer.backend_tokenizer.enable_truncation(2)
    tokenizer.backend_tokenizer.enable_padding(length=64)
    assert [each.id for each in told(model, tokenizer)[1].tokens] == [
        each.id for each in plain[1].tokens
    ]


def test_a_pass_that_fails_leaves_the_model_as_it_was(tiny_case: Case) -> None:
    model, tokenizer = lent(tiny_case)
    backend = lent_backend(model.train(), tokenizer)
    model.model.layers[2].mlp.register_forward_hook(_fail)
    before = everything_of(model, tokenizer)
    *_, last = run(RunSettings(prompt="Once", **GREEDY), backend=backend)
    assert isinstance(last, Error)
    assert everything_of(model, tokenizer) == before


def _fail(*_: object) -> None:
    raise RuntimeError("a hook of the owner's")


def test_dropout_of_a_model_in_training_is_not_in_the_numbers(tiny_case: Case) -> None:
    model, tokenizer = lent(tiny_case, attention_dropout=0.9)
    assert told(model.train(), tokenizer)[-1].text == told(model.eval(), tokenizer)[-1].text


def test_weights_that_change_between_two_runs_are_read_anew(tiny_case: Case) -> None:
    model, tokenizer = lent(tiny_case)
    backend = lent_backend(model, tokenizer)
    tiled = RunSettings(prompt="Once upon a time", **{**GREEDY, "capture": ["tiles"]})
    first = list(run(tiled, backend=backend))
    fingerprint = backend.fingerprint
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(0.5)
    changed = list(run(tiled, backend=backend))
    fresh = told(model, tokenizer, capture=["tiles"])
    assert changed[3].logprob != first[3].logprob
    assert changed[3].logprob == fresh[3].logprob
    np.testing.assert_array_equal(changed[3].tiles, fresh[3].tiles)
    assert backend.fingerprint != fingerprint


def test_autocast_around_a_run_keeps_no_weight_without_gradient(tiny_case: Case) -> None:
    model, tokenizer = lent(tiny_case)
    ids = torch.tensor([[5, 6, 7]])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        events = told(model.train(), tokenizer)
        model(input_ids=ids, labels=ids).loss.backward()
    assert all(weight.grad is not None for weight in model.parameters())
    assert events[-1].text == told(model, tokenizer)[-1].text, "autocast rounds the run"


class _Around(nn.Module):
    """As data parallel and the like stand around a model."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module


class _Compiled(nn.Module):
    """As `torch.compile` stands around a model."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._orig_mod = module


@pytest.mark.parametrize("wrapper", [_Around, _Compiled])
def test_wrappers_are_looked_through(tiny_case: Case, wrapper: Callable[[Any], Any]) -> None:
    model, tokenizer = lent(tiny_case)
    around = wrapper(model)
    assert told(around, tokenizer)[-1].text == told(model, tokenizer)[-1].text


def test_what_cannot_be_watched_is_refused_in_words(tiny_case: Case) -> None:
    model, tokenizer = lent(tiny_case)
    with pytest.raises(ModelLoadFailed, match="A Linear cannot be watched: it is no model of"):
        lent_backend(nn.Linear(2, 2), tokenizer)
    with pytest.raises(ModelLoadFailed, match="LlamaModel predicts no next token"):
        lent_backend(model.model, tokenizer)
    with pytest.raises(ModelLoadFailed, match="Give tokenizer_obj too") as caught:
        lent_backend(model, None)
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
        lent_backend(model, tokenizer)
    assert refused.value.field == "model_obj"
