"""The compiled pass of small Llamas has the numbers of numpy's and of the model's own pass."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from mav_engine.backends.hf.llama_modules import TorchLlamaDecoder
from mav_engine.backends.inference.batch_decoder import DecodeRequest
from mav_engine.backends.inference.decoders import compiled_llama
from mav_engine.backends.inference.decoders.compiled_llama import CompiledLlama
from mav_engine.backends.inference.kernels.native.llama import (
    LlamaBuild,
    Model,
    OutputAddresses,
    Worker,
    llama_builds,
)
from mav_engine.contract.events import Event
from mav_engine.errors import NoCandidates
from mav_engine.generation.sampler import Sampler
from tests.engine import conftest
from tests.engine.conftest import EMBEDDED, load_by_transformers
from tests.engine.prefills import POINTS, assert_same_reading, read_by_the_model
from tests.engine.runs import MANY, alone, assert_alike, assert_vectors_close, together

BUILDS = llama_builds()
pytestmark = pytest.mark.compiled("llama")

GROUPED = {
    "vocab_size": 4097,  # the last panel of the unembedding is not full
    "hidden_size": 96,
    "intermediate_size": 160,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "max_position_embeddings": 512,
    "tie_word_embeddings": False,
}
Save = Callable[..., str]


@pytest.fixture(scope="session")
def save(tmp_path_factory: pytest.TempPathFactory) -> Save:
    """A folder with a random Llama: grouped queries, widths that differ, large weights."""

    def save(*, halves: bool = False, **changed: Any) -> str:
        folder: Path = tmp_path_factory.mktemp("native")
        torch.manual_seed(5)
        model = LlamaForCausalLM(LlamaConfig(**{**GROUPED, **changed}))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(6) if parameter.ndim > 1 else parameter.uniform_(0.5, 1.5)
        model = model.half().float() if halves else model
        model.save_pretrained(folder)
        AutoTokenizer.from_pretrained(EMBEDDED).save_pretrained(folder)
        return str(folder)

    return save


@pytest.fixture(scope="session")
def folders(save: Save) -> dict[str, str]:
    return {
        "mav-tiny": str(EMBEDDED),
        "floats": save(),
        "halves": save(halves=True),
    }


def assert_told_alike(ours: Sequence[Sequence[Event]], theirs: Sequence[Sequence[Event]]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        assert_alike(one, other)


def loaded(folder: str, kind: type, compiled: LlamaBuild | None, threads: int = 2) -> Any:
    """The model as it is read with this build of the pass, or without one."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(compiled_llama, "llama_build", lambda: compiled)
        patched.setattr(conftest, "THREADS", threads)
        backend = load_by_transformers(folder, prefix_bytes=0)
    assert type(backend._batch_decoder._decoder) is kind
    return backend


@pytest.fixture(scope="session", params=sorted(BUILDS) or ["none"])
def build(request: pytest.FixtureRequest) -> LlamaBuild:
    """Every build that runs here in turn."""
    return BUILDS[request.param]


@pytest.fixture(scope="session", params=["mav-tiny", "floats", "halves"])
def folder(request: pytest.FixtureRequest, folders: dict[str, str]) -> str:
    return folders[request.param]


@pytest.fixture(scope="session")
def backend(folder: str, build: LlamaBuild) -> Any:
    return loaded(folder, CompiledLlama, build)


@pytest.fixture(scope="session")
def by_numpy(folder: str) -> Any:
    return loaded(folder, TorchLlamaDecoder, None)


@pytest.fixture
def floats(folders: dict[str, str], build: LlamaBuild) -> Any:
    """A model of its own, whose numbers may be changed."""
    return loaded(folders["floats"], CompiledLlama, build)


@pytest.mark.parametrize("length", [*range(1, 10), 31, 32])
def test_rows_of_every_count_have_the_numbers_of_the_models_own_pass(
    backend: Any, length: int
) -> None:
    ids = [*range(200, 200 + length)]
    session = backend.open(POINTS, 64)
    assert_same_reading(session.prefill(ids), read_by_the_model(backend, ids))
    session.close()


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches that are computed beside Python."""
    sizes: list[int] = []
    begin = Worker.begin

    def counted(worker: Worker, model: Any, rows: int, row: int, left: Any) -> bool:
        sizes.append(rows)
        return begin(worker, model, rows, row, left)

    monkeypatch.setattr(Worker, "begin", counted)
    return sizes


def test_runs_together_have_the_numbers_that_each_has_by_numpy(
    backend: Any, by_numpy: Any, begun: list[int]
) -> None:
    expected = [alone(by_numpy, **settings) for settings in MANY]
    assert begun == []
    assert_told_alike(together(backend, MANY), expected)
    assert max(begun) > 1


def test_without_a_thread_runs_together_have_their_numbers(
    floats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [alone(floats, **settings) for settings in MANY]
    monkeypatch.setattr(Worker, "begin", lambda *_: False)
    assert_told_alike(together(floats, MANY), expected)


def test_on_one_processor_nothing_is_computed_beside_python(
    folders: dict[str, str], build: LlamaBuild, begun: list[int]
) -> None:
    backend = loaded(folders["floats"], CompiledLlama, build, threads=1)
    together(backend, MANY[:3])
    assert begun == []


@pytest.mark.parametrize("broken", ["begin", "_steps"])
def test_what_fails_beside_python_is_computed_again(
    floats: Any, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    expected = [alone(floats, **settings) for settings in MANY]
    batch_decoder, failed = floats._batch_decoder, threading.Event()
    owner = batch_decoder._decoder if broken == "begin" else batch_decoder
    sound = getattr(owner, broken)

    def failing(requests: Any, *given: Any, **named: Any) -> Any:
        if len(requests) > 1 and threading.current_thread() is not threading.main_thread():
            failed.set()
            raise torch.OutOfMemoryError("no memory for so many")
        return sound(requests, *given, **named)

    monkeypatch.setattr(owner, broken, failing)
    assert_told_alike(together(floats, MANY), expected)
    assert failed.is_set()


def test_a_choice_that_cannot_be_made_ends_only_its_run(
    floats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [alone(floats, **settings) for settings in MANY]
    choose = Sampler.choose

    def choosing(sampler: Sampler, prediction: Any, context: Any, index: int, forced: Any) -> Any:
        if sampler._settings.seed == 99 and index == 5:
            raise NoCandidates("Every token was removed.")
        return choose(sampler, prediction, context, index, forced)

    monkeypatch.setattr(Sampler, "choose", choosing)
    broken = {"prompt": "The cat", "max_new_tokens": 20, "temperature": 1.0, "seed": 99}
    *others, last = together(floats, [*MANY, broken])
    assert_told_alike(others, expected)
    assert [event.type for event in last] == ["start", "prompt", *["token"] * 5, "error"]
    assert last[-1].code == "no_candidates"


def test_runs_that_end_by_what_they_say_leave_nothing_under_way(backend: Any) -> None:
    long = {"prompt": "Once upon a time", "max_new_tokens": 40, "min_new_tokens": 40}
    text = alone(backend, **long)[-1].text
    many = [
        *({**long, "stop": [text[end : end + 4]]} for end in (11, 30, 60)),
        {**long, "breakpoints": {"after": 9}},
        long,
    ]
    expected = [alone(backend, **settings) for settings in many]
    assert [events[-1].reason for events in expected] == [*["stop"] * 3, "breakpoint", "length"]
    assert_told_alike(together(backend, many), expected)
    scheduler = backend._batch_decoder.scheduler
    assert (scheduler._running, scheduler._ahead, scheduler.crowded) == (None, {}, False)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted on Linux")
def test_a_thread_goes_with_its_worker(build: LlamaBuild) -> None:
    def threads() -> int:
        return len(list(Path("/proc/self/task").iterdir()))

    before = threads()
    worker = build.worker()
    assert threads() == before + 1
    del worker
    assert threads() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")
def test_a_process_that_was_forked_has_no_worker(build: LlamaBuild) -> None:
    worker = build.worker()
    child = os.fork()
    if child == 0:
        has_begun = worker.begin(Model(), 0, 0, OutputAddresses())
        worker._end()
        os._exit(1 if has_begun else 0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_long_text_and_a_short_one_are_read_side_by_side(backend: Any) -> None:
    """One that leaves no room on the first slab for its next token, beside one of two tokens."""
    long, short = [*range(300, 556)], [7, 8]
    sessions = [backend.open(POINTS, 257) for _ in range(2)]
    for session, text in zip(sessions, (long, short), strict=True):
        session.prefill(text)
    asks = [DecodeRequest(9, session.slot, POINTS) for session in sessions]
    for step, text in zip(backend._batch_decoder.decode(asks), (long, short), strict=True):
        expected = read_by_the_model(backend, [*text, 9]).step
        assert step.n_keys == len(text) + 1
        for name in ("logits", "resid", "mlp_out", "attn_out", "pattern"):
            assert_vectors_close(getattr(step, name), getattr(expected, name))
    for session in sessions:
        session.close()


def test_scores_far_apart_and_numbers_that_are_none_stay_what_they_are(floats: Any) -> None:
    decoder = floats._batch_decoder._decoder
    session = floats.open(POINTS, 64)
    session.prefill([5, 6, 7])
    session.slot.slab.data[:, 0, session.slot.index, :, :2] *= 1e4
    pattern = session.step(8).pattern
    assert pattern.min() >= 0
    assert pattern.sum(axis=-1) == pytest.approx(1.0, abs=1e-5)
    far = pattern[..., :2].max(axis=-1)  # such scores leave all to one key, or nothing at all
    assert ((far > 0.999) | (far == 0)).all()
    assert {0, 1} == set(far.round().ravel())
    decoder._embedding = decoder._embedding.copy()
    decoder._embedding[9] = float("nan")
    assert not torch.from_numpy(session.step(9).logits).isfinite().any()
    session.close()


def test_a_token_that_the_model_has_no_row_for_is_refused(floats: Any) -> None:
    session = floats.open(POINTS, 64)
    with pytest.raises(IndexError):
        session.prefill([5, 4097])
    session.close()


@pytest.mark.parametrize(
    "changed",
    [
        {"attention_bias": True},
        {"mlp_bias": True},
        {"hidden_act": "gelu"},
        {"head_dim": 16},
        {"intermediate_size": 150},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_it_cannot_read_is_read_by_numpy(save: Save, changed: dict[str, Any]) -> None:
    loaded(save(**changed), TorchLlamaDecoder, next(iter(BUILDS.values())))


def test_a_large_model_is_read_by_numpy(
    folders: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled_llama, "_MOST_BYTES", 100_000)
    loaded(folders["floats"], TorchLlamaDecoder, next(iter(BUILDS.values())))
