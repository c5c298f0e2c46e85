"""A fault ends the one run with a precise error event, and leaves everything else sound."""

from __future__ import annotations

import gc
import json
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.nn import functional
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from mav_engine import RunSettings, run
from mav_engine.backends import Backend, load_backend
from mav_engine.backends.hf.backend import TransformersBackend
from mav_engine.backends.inference.decoders import compiled_llama
from mav_engine.backends.inference.kernels.native.int8 import CompiledInt8Product
from mav_engine.backends.inference.kernels.native.products import CompiledProduct
from mav_engine.contract.events import Error, Event, Token
from mav_engine.errors import InvalidSettings, ModelLoadFailed
from mav_engine.faults import is_out_of_memory
from tests.engine.conftest import EMBEDDED, Case

PROMPT = "Once upon a time, there was a little"
FULL = "CUDA out of memory. Tried to allocate 2.00 GiB.\n(more that helps nobody)"


class Fault:
    """Makes every product of a layer, and the room that a compiled pass writes to, fail while it is
    armed in the calling thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.armed_in: threading.Thread | None = None
        halves = "fbgemm_linear_fp16_weight_fp32_activation"
        products = [(functional, "linear"), (torch, "bmm"), (torch, "baddbmm"), (torch, halves)]
        compiled = [
            (CompiledProduct, "__call__"),
            (CompiledInt8Product, "__call__"),
            (compiled_llama, "CompiledOutputs"),
        ]
        for module, name in [*products, *compiled]:
            monkeypatch.setattr(module, name, self._failing(getattr(module, name)))

    def _failing(self, product: Callable[..., Any]) -> Callable[..., Any]:
        def failing(*args: Any, **kwargs: Any) -> Any:
            if self.armed_in is threading.current_thread():
                raise torch.OutOfMemoryError(FULL)
            return product(*args, **kwargs)

        return failing


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Fault:
    return Fault(monkeypatch)


def events_of(backend: Backend, **given: Any) -> Iterator[Event]:
    return run(RunSettings(**{"prompt": PROMPT, "max_new_tokens": 6, **given}), backend=backend)


def ids_of(events: list[Event]) -> list[int]:
    return [event.token.id for event in events if isinstance(event, Token)]


def until_broken(events: Iterator[Event], fault: Fault, after: int) -> list[Event]:
    """The events of a run whose model runs out of memory after so many of them."""
    before = [next(events) for _ in range(after)]
    fault.armed_in = threading.current_thread()
    try:
        return [*before, *events]
    finally:
        fault.armed_in = None


@pytest.mark.parametrize(
    ("after", "kinds"),
    [(1, ["start", "error"]), (4, ["start", "prompt", "token", "token", "error"])],
    ids=["prompt", "step"],
)
def test_out_of_memory_ends_one_run_only(
    case: Case, fault: Fault, after: int, kinds: list[str]
) -> None:
    expected = ids_of(list(events_of(case.backend, min_new_tokens=6)))
    beside = events_of(case.backend, min_new_tokens=6)
    others = [next(beside) for _ in range(3)]
    broken = until_broken(events_of(case.backend, min_new_tokens=6), fault, after)
    assert [event.type for event in broken] == kinds
    error = broken[-1]
    assert isinstance(error, Error)
    assert (error.code, error.field) == ("out_of_memory", None)
    assert "2.00 GiB" in error.detail
    assert "helps nobody" not in error.detail
    assert "shorter prompt" in error.detail
    assert ids_of([*others, *beside]) == expected
    assert ids_of(list(events_of(case.backend, min_new_tokens=6))) == expected


@pytest.mark.parametrize("after", [1, 4], ids=["prompt", "step"])
def test_resources_of_a_failed_run_are_free_before_its_last_event(
    tiny: Backend, fault: Fault, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    sessions: list[weakref.ref[object]] = []
    opened = tiny.open

    def watched(*args: Any, **kwargs: Any) -> Any:
        session = opened(*args, **kwargs)
        sessions.append(weakref.ref(session))
        return session

    monkeypatch.setattr(tiny, "open", watched)
    events = events_of(tiny)
    for _ in range(after):
        next(events)
    fault.armed_in = threading.current_thread()
    gc.disable()
    try:
        assert next(events).type == "error"
        assert sessions[0]() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (torch.OutOfMemoryError("x"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you …"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), True),
        (RuntimeError("shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_the_out_of_memory_error_of_every_device_is_recognized(
    error: Exception, is_one: bool
) -> None:
    assert is_out_of_memory(error) == is_one


def test_running_out_of_memory_in_a_probe_is_reported(
    tiny: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        np.empty(2**50)

    monkeypatch.setattr("mav_engine.probes.distribution.Distribution", full)
    error = list(events_of(tiny))[-1]
    assert isinstance(error, Error)
    assert (error.code, error.field) == ("out_of_memory", None)
    assert "fewer probes" in error.detail


def changed(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> Path:
    """The embedded model with other weights."""
    shutil.copytree(EMBEDDED, folder)
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_a_nan_in_the_logits_is_reported_with_its_token(tmp_path: Path, tiny: Backend) -> None:
    # Only one token's row is damaged: the run fails after that token.
    expected = ids_of(list(events_of(tiny)))
    second = expected[1]
    assert second not in [expected[0], *tiny.encode_prompt(PROMPT)]

    def damage(tensors: dict[str, torch.Tensor]) -> None:
        tensors["model.embed_tokens.weight"][second] = torch.nan
        tensors["lm_head.weight"] = load_file(EMBEDDED / "model.safetensors")[
            "model.embed_tokens.weight"
        ]

    folder = changed(tmp_path / "damaged", damage)
    path = folder / "config.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            '"tie_word_embeddings": true', '"tie_word_embeddings": false'
        ),
        encoding="utf-8",
    )
    events = list(events_of(load_backend(str(folder))))
    assert ids_of(events) == expected[:2]
    error = events[-1]
    assert isinstance(error, Error)
    assert (error.code, error.field) == ("not_finite", None)
    position = len(tiny.encode_prompt(PROMPT)) + 2
    assert f"at token 2, position {position}" in error.detail
    assert "hold NaN" in error.detail
    assert "float32 or bfloat16" in error.detail


def test_the_remedy_for_an_overflow_is_one(tmp_path: Path) -> None:
    def enlarge(tensors: dict[str, torch.Tensor]) -> None:
        tensors["model.layers.2.mlp.down_proj.weight"] *= 30000

    folder = str(changed(tmp_path / "large", enlarge))
    ends = {
        dtype: list(events_of(load_backend(folder, dtype=dtype)))[-1]
        for dtype in ("float16", "bfloat16", "float32")
    }
    assert [ends["bfloat16"].type, ends["float32"].type] == ["done", "done"]
    overflow = ends["float16"]
    assert isinstance(overflow, Error)
    assert (overflow.code, "at token 0" in overflow.detail) == ("not_finite", True)


def without_end(folder: Path) -> Path:
    """The embedded model without an end-of-text, in any of the three files that name one."""
    shutil.copytree(EMBEDDED, folder)
    for name in ("config.json", "generation_config.json", "tokenizer_config.json"):
        config = json.loads((folder / name).read_text(encoding="utf-8"))
        left = {key: value for key, value in config.items() if not key.startswith("eos_token")}
        (folder / name).write_text(json.dumps(left), encoding="utf-8")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(
        json.dumps({**config, "eos_token_id": None}), encoding="utf-8"
    )
    return folder


def test_a_tokenizer_without_end_of_text_writes_to_the_end(tmp_path: Path, tiny: Backend) -> None:
    ended = list(events_of(tiny, max_new_tokens=480))
    assert ended[-1].reason == "eos"
    length = len(ids_of(ended)) + 3
    backend = load_backend(str(without_end(tmp_path / "endless")))
    assert not backend.eos_ids
    events = list(events_of(backend, max_new_tokens=length, min_new_tokens=2, block_eos_steps=2))
    assert (events[-1].reason, events[-1].tokens) == ("length", length)
    assert ids_of(events)[: len(ids_of(ended))] == ids_of(ended)


def test_a_context_that_is_full_is_no_fault(case: Case) -> None:
    context = case.backend.info.context
    assert context is not None
    events = list(
        events_of(case.backend, prompt="a" * (context // 2), max_new_tokens=2000, top_k=0)
    )
    if events[-1].reason == "length":
        assert len(events[1].tokens) + len(ids_of(events)) == context
        assert events[-1].resume is None


def test_a_model_that_was_read_but_cannot_run_is_a_failed_load(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nowhere(*_: object) -> None:
        raise LookupError("no list of blocks")

    monkeypatch.setattr("mav_engine.backends.hf.backend.introspect", nowhere)
    with pytest.raises(
        ModelLoadFailed, match=r"mav-tiny could not be loaded: LookupError: no list"
    ) as caught:
        load_backend("mav-tiny", dtype="bfloat16")
    assert caught.value.field == "model"


def test_a_model_that_does_not_fit_in_memory_is_an_error_with_advice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError(FULL)

    monkeypatch.setattr("mav_engine.backends.native.numpy_backend.read_model", full)
    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", full)
    with pytest.raises(ModelLoadFailed, match="smaller model or dtype"):
        load_backend("mav-tiny")


@pytest.fixture(scope="module")
def enlarged(tmp_path_factory: pytest.TempPathFactory) -> Backend:
    """The embedded model with a tokenizer of one token more than it has embeddings."""
    folder = tmp_path_factory.mktemp("enlarged") / "enlarged"
    shutil.copytree(EMBEDDED, folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["<speaker1>"])
    tokenizer.save_pretrained(folder)
    return load_backend(str(folder))


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"prompt": "Hi <speaker1> you"}, "prompt", r"'<speaker1>' \(id 4096\).*ids 0 to 4095"),
        ({"messages": [{"role": "user", "content": "<speaker1>"}]}, "messages", "<speaker1>"),
        ({"prompt": "Hi", "forced_ids": [4096]}, "forced_ids", "4096"),
    ],
)
def test_a_token_without_an_embedding_is_refused_by_name(
    enlarged: Backend, given: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(InvalidSettings, match=said) as caught:
        run(RunSettings(**given), backend=enlarged)
    assert caught.value.field == field
    ids = enlarged.vocabulary.encode("a<speaker1>", special=False)
    assert enlarged.vocabulary.token_refs(ids)[-1].text == "<speaker1>"
    blocked = {"block_ws_steps": 2, "min_new_tokens": 2, "capture": ["tiles"]}
    assert (
        list(run(RunSettings(prompt="Hi", max_new_tokens=2, **blocked), backend=enlarged))[-1].type
        == "done"
    )


def test_rows_beyond_the_tokenizer_are_labelled(make_case: Callable[[str], Case]) -> None:
    """A model whose embedding is padded predicts ids that no tokenizer names."""
    case = make_case("gpt2")
    backend = TransformersBackend(case.reference, short_tokenizer(), "padded")
    settings = RunSettings(prompt="a b", max_new_tokens=3, forced_ids=[4095], top_n=100)
    events = list(run(settings, backend=backend))
    assert events[-1].type == "done"
    token = events[2]
    assert isinstance(token, Token)
    assert (token.token.text, token.text) == ("<id 4095>", "")
    assert any(row.text == f"<id {row.id}>" for row in token.top or [])


def short_tokenizer() -> PreTrainedTokenizerFast:
    words = Tokenizer(models.WordLevel({"a": 0, "b": 1}, unk_token="a"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=words)


class Panic(BaseException):
    """No `Exception`, as a panic of the tokenizers library is none."""


@pytest.mark.parametrize("error", [ValueError("x"), Panic("x"), StopIteration()])
@pytest.mark.parametrize("name", ["encode_prompt", "open"])
def test_whatever_a_backend_raises_is_an_error_of_the_run(
    tiny: Backend, monkeypatch: pytest.MonkeyPatch, error: BaseException, name: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(tiny, name, fail)
        if name == "encode_prompt":
            with pytest.raises(InvalidSettings, match=type(error).__name__) as caught:
                run(RunSettings(prompt="a"), backend=tiny)
            assert caught.value.field == "prompt"
        else:
            last = list(run(RunSettings(prompt="a"), backend=tiny))[-1]
            assert isinstance(last, Error)
            assert last.code == "run_failed"
    assert list(run(RunSettings(prompt="a", max_new_tokens=1), backend=tiny))[-1].type == "done"


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), GeneratorExit(), SystemExit(143)])
def test_what_ends_a_program_is_no_fault_of_the_run(
    tiny: Backend, monkeypatch: pytest.MonkeyPatch, ending: BaseException
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ending

    monkeypatch.setattr(tiny, "open", fail)
    events = run(RunSettings(prompt="a"), backend=tiny)
    assert next(events).type == "start"
    with pytest.raises(type(ending)):
        next(events)


def test_system_exit_in_another_thread_is_an_error_of_the_run(
    tiny: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There it would end the thread without a word, and whoever waits for the events for good."""

    def leave(*_: object, **__: object) -> None:
        raise SystemExit(143)

    with monkeypatch.context() as patched, ThreadPoolExecutor() as other:
        patched.setattr(tiny, "open", leave)
        events = other.submit(lambda: list(run(RunSettings(prompt="a"), backend=tiny))).result()
    assert [event.type for event in events] == ["start", "error"]
    assert isinstance(events[-1], Error)
    assert events[-1].code == "run_failed"
    assert "SystemExit" in events[-1].detail
    assert list(run(RunSettings(prompt="a", max_new_tokens=1), backend=tiny))[-1].type == "done"


@pytest.mark.parametrize("other_file", [None, "chat_template.jinja"])
def test_ids_that_the_model_cannot_predict_end_no_text(
    tmp_path: Path, tiny: Backend, other_file: str | None
) -> None:
    folder = Path(shutil.copytree(EMBEDDED, tmp_path / "model"))
    if other_file:  # read by transformers
        (folder / other_file).write_text("{{ messages[0].content }}", encoding="utf-8")
    ids = {"eos_token_id": [0, -1, 4096, 10**30]}
    (folder / "generation_config.json").write_text(json.dumps(ids), encoding="utf-8")
    backend = load_backend(str(folder))
    assert backend.eos_ids == backend.chat_eos_ids == {0}
    events = list(events_of(backend, min_new_tokens=2, block_eos_steps=2))
    assert ids_of(events) == ids_of(list(events_of(tiny, min_new_tokens=2, block_eos_steps=2)))
