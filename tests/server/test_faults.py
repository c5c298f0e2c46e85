"""Faults as a client of a real server sees them: one run ends, and all else goes on."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
import torch
from safetensors.torch import load_file, save_file

from mav_engine.backends import load_backend
from mav_engine.backends.fake import FakeBackend
from mav_engine.backends.inference.decoders import compiled_llama
from mav_engine.backends.inference.decoders.layer_outputs import CollectedOutputs
from mav_engine.backends.inference.kernels.native.llama import LlamaBuild
from mav_engine.models import EMBEDDED_DIR
from mav_engine.text.tokens import Vocabulary
from tests.server.conftest import MakeServer
from tests.server.servers import (
    PATIENCE_S,
    Models,
    RealServer,
    events_in,
    ids_of,
    read_events,
    types,
    until,
)

ASKED: dict[str, Any] = {"prompt": "Once upon a time", "max_new_tokens": 6, "min_new_tokens": 6}
TINY = {**ASKED, "model": "mav-tiny"}


def run(server: RealServer, **given: Any) -> list[dict[str, Any]]:
    return read_events(server.client.post("/api/run", json={**ASKED, **given}))


def is_idle(server: RealServer) -> bool:
    health = server.client.get("/api/health").json()
    return (health["runs_active"], health["runs_waiting"]) == (0, 0)


def full() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def test_out_of_memory_ends_one_of_two_runs(make_server: MakeServer) -> None:
    broken: set[str] = set()
    ready = threading.Event()

    def on_step() -> None:
        if any(run_id in threading.current_thread().name for run_id in broken):
            full()
        ready.wait(PATIENCE_S)

    server = make_server(Models(on_step=on_step))
    settings = {**ASKED, "seed": 1, "temperature": 1.0}
    with (
        httpx2.Client(base_url=server.url, timeout=PATIENCE_S) as other,
        server.client.stream("POST", "/api/run", json=settings) as good,
        other.stream("POST", "/api/run", json={**settings, "seed": 2}) as bad,
    ):
        events, lost = events_in(good.iter_lines()), events_in(bad.iter_lines())
        begun = [next(events), next(events)]
        broken.add(next(lost)["run_id"])
        ready.set()
        rest = list(lost)
        assert types(rest)[-1] == "error"
        assert (rest[-1]["code"], rest[-1]["field"]) == ("out_of_memory", None)
        assert "2.00 GiB" in rest[-1]["detail"]
        whole = [*begun, *events]
    assert whole[-1]["reason"] == "length"
    assert ids_of(run(server, seed=1, temperature=1.0)) == ids_of(whole)
    until(lambda: is_idle(server))


def damaged(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    shutil.copytree(EMBEDDED_DIR / "mav-tiny", folder)
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def test_nan_ends_its_run_and_the_others_continue(make_server: MakeServer, tmp_path: Path) -> None:
    damaged(
        tmp_path / "models" / "nan", lambda tensors: tensors["model.norm.weight"].fill_(torch.nan)
    )
    server = make_server(load_backend)
    expected = ids_of(run(server, model="mav-tiny"))
    assert len(expected) == 6
    for _ in range(2):
        events = run(server, model="nan")
        assert [kind for kind in types(events) if kind != "queued"] == ["start", "prompt", "error"]
        error = events[-1]
        assert (error["code"], error["field"]) == ("not_finite", None)
        assert "at token 0" in error["detail"]
        assert "float32 or bfloat16" in error["detail"]
    assert ids_of(run(server, model="mav-tiny")) == expected
    until(lambda: is_idle(server))


@pytest.mark.parametrize("after", [0, 3], ids=["prompt", "step"])
@pytest.mark.parametrize(
    "llama_build", [compiled_llama.llama_build, lambda: None], ids=["as it is", "by numpy"]
)
def test_a_model_outlives_a_run_that_took_its_memory(
    make_server: MakeServer,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
    llama_build: Callable[[], LlamaBuild | None],
) -> None:
    monkeypatch.setattr(compiled_llama, "llama_build", llama_build)
    server = make_server(load_backend)
    expected = ids_of(run(server, model="mav-tiny"))
    passes, whole = 0, compiled_llama.CompiledOutputs
    ending_in = CollectedOutputs.ending_in

    def by_numpy(outputs: CollectedOutputs, *given: Any) -> CollectedOutputs:
        count()
        return ending_in(outputs, *given)

    def compiled(*given: Any) -> compiled_llama.CompiledOutputs:
        count()
        return whole(*given)

    def count() -> None:
        nonlocal passes
        passes += 1
        if passes > after:
            full()

    with monkeypatch.context() as patched:
        patched.setattr(CollectedOutputs, "ending_in", by_numpy)
        patched.setattr(compiled_llama, "CompiledOutputs", compiled)
        events = run(server, model="mav-tiny")
    assert (events[-1]["type"], events[-1]["code"]) == ("error", "out_of_memory")
    assert ids_of(events) == expected[:after]
    assert ids_of(run(server, model="mav-tiny")) == expected
    until(lambda: is_idle(server))
    assert server.client.get("/api/health").json()["models_loaded"] == ["mav-tiny"]


@pytest.mark.parametrize("patience", [0, 60], ids=["event", "status"])
def test_a_model_that_does_not_load_leaves_the_server_sound(
    make_server: MakeServer, tmp_path: Path, patience: float
) -> None:
    broken = tmp_path / "models" / "broken"
    damaged(broken, lambda tensors: tensors.pop("model.norm.weight"))
    server = make_server(load_backend, load_patience_s=patience)
    for _ in range(2):  # it is tried again each time, and never kept
        response = server.client.post("/api/run", json={**ASKED, "model": "broken"})
        error = response.json() if patience else list(events_in(response.iter_lines()))[-1]
        assert (error["code"], error["field"]) == ("model_load_failed", "model")
        assert "model.norm.weight" in error["detail"]
    assert run(server, model="mav-tiny")[-1]["reason"] == "length"
    until(lambda: is_idle(server))
    assert server.client.get("/api/health").json()["models_loaded"] == ["mav-tiny"]


def test_without_an_end_of_text_a_full_context_ends_the_run(
    make_server: MakeServer, tmp_path: Path
) -> None:
    folder = tmp_path / "models" / "endless"
    shutil.copytree(EMBEDDED_DIR / "mav-tiny", folder)
    for name in ("config.json", "generation_config.json", "tokenizer_config.json"):
        named = json.loads((folder / name).read_text(encoding="utf-8"))
        (folder / name).write_text(
            json.dumps({**named, "eos_token_id": None, "eos_token": None}), encoding="utf-8"
        )
    server = make_server(load_backend)
    given = {"model": "endless", "prompt": "The end. " * 120, "max_new_tokens": 200}
    events = run(server, **given)
    done = events[-1]
    assert (done["type"], done["reason"], done["resume"]) == ("done", "length", None)
    read = next(event for event in events if event["type"] == "prompt")["tokens"]
    assert len(read) + done["tokens"] == events[0]["model"]["context"] == 512
    assert run(server, model="endless")[-1]["resume"] is not None
    until(lambda: is_idle(server))


class Panic(BaseException):
    """As the tokenizers library raises it: no `Exception`."""


PREPARING = [
    ("encode_prompt", ValueError("first line\nsecond"), 422, "invalid_settings", "prompt"),
    ("encode_prompt", RecursionError("too deep"), 422, "invalid_settings", "prompt"),
    ("encode_prompt", Panic("index out of bounds"), 422, "invalid_settings", "prompt"),
    ("encode_prompt", SystemExit(3), 422, "invalid_settings", "prompt"),
    ("encode_prompt", StopIteration(), 422, "invalid_settings", "prompt"),
    ("encode_prompt", MemoryError(), 503, "out_of_memory", "prompt"),
    ("stops_of", AttributeError("x"), 422, "invalid_settings", "model"),
]


def failing(monkeypatch: pytest.MonkeyPatch, name: str, error: BaseException) -> None:
    """Let a part of the fake backend fail while a run is prepared."""

    def fail(*_: object, **__: object) -> None:
        raise error

    if name == "stops_of":
        monkeypatch.setattr("mav_engine.running.prepare.stops_of", fail)
    elif name == "vocabulary.encode":
        monkeypatch.setattr(Vocabulary, "encode", fail)
    else:
        monkeypatch.setattr(FakeBackend, name, fail)


@pytest.mark.parametrize(("name", "error", "status", "code", "field"), PREPARING)
def test_any_exception_before_a_run_is_an_error_response(
    make_server: MakeServer,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    error: BaseException,
    status: int,
    code: str,
    field: str,
) -> None:
    server = make_server(Models(), max_runs=1, max_queue=1)
    ids = ids_of(run(server))
    with monkeypatch.context() as patched:
        failing(patched, name, error)
        for _ in range(4):  # more than there are places
            refused = server.client.post("/api/run", json=ASKED)
            said = refused.json()
            assert (refused.status_code, said["code"], said["field"]) == (status, code, field)
            assert type(error).__name__ in said["detail"]
            assert "second" not in said["detail"]
        a, b = {"a": ASKED, "b": {**ASKED, "model": "other"}}.values()
        compared = server.client.post("/api/compare", json={"a": a, "b": b})
        assert (compared.status_code, compared.json()["field"]) == (status, f"a.{field}")
    assert ids_of(run(server)) == ids
    until(lambda: is_idle(server))


@pytest.mark.parametrize(("name", "error", "status", "code", "field"), PREPARING)
def test_what_fails_after_the_stream_began_is_its_last_event(
    make_server: MakeServer,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    error: BaseException,
    status: int,
    code: str,
    field: str,
) -> None:
    del status
    loaded = threading.Event()
    server = make_server(
        Models(on_load=lambda _: loaded.wait(PATIENCE_S) and None), load_patience_s=0
    )
    with monkeypatch.context() as patched:
        failing(patched, name, error)
        with server.client.stream("POST", "/api/run", json=ASKED) as response:
            events = events_in(response.iter_lines())
            begun = next(events)
            loaded.set()
            last = [begun, *events][-1]
    assert (last["type"], last["code"], last["field"]) == ("error", code, field)
    assert run(server)[-1]["type"] == "done"
    until(lambda: is_idle(server))


@pytest.mark.parametrize("error", [ValueError("x"), Panic("x"), SystemExit(1), StopIteration()])
def test_a_tokenizer_that_fails_is_a_problem_of_the_text(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    server = make_server(Models())
    with monkeypatch.context() as patched:
        failing(patched, "vocabulary.encode", error)
        refused = server.client.post("/api/tokenize", json={"text": "a"})
    assert (refused.status_code, refused.json()["field"]) == (422, "text")
    assert server.client.post("/api/tokenize", json={"text": "a"}).json()["count"] == 1


@pytest.mark.parametrize("error", [ValueError("x"), Panic("x"), SystemExit(1), StopIteration()])
def test_any_exception_during_a_run_is_its_last_event(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    server = make_server(Models())
    with monkeypatch.context() as patched:
        failing(patched, "open", error)
        last = run(server)[-1]
        settings = {"a": ASKED, "b": {**ASKED, "model": "other"}}
        compared = read_events(server.client.post("/api/compare", json=settings))[-1]
    assert (last["type"], last["code"]) == (compared["type"], compared["code"])
    assert (last["type"], last["code"]) == ("error", "run_failed")
    assert run(server)[-1]["type"] == "done"
    until(lambda: is_idle(server))


TEMPLATES = [
    ("{{ '{}'.format() }}{{ messages[0].content }}", "IndexError"),
    ("{{ messages[0].content.nothing.more }}", "UndefinedError"),
    ("{% for m in messages %}{{ m.role }}{% endfor %}", "messages[0].content is 'Hi'"),
]


@pytest.mark.parametrize(("template", "said"), TEMPLATES)
@pytest.mark.parametrize("patience", [0, 60], ids=["event", "status"])
def test_a_template_that_fails_is_a_problem_of_the_messages(
    make_server: MakeServer, tmp_path: Path, template: str, said: str, patience: float
) -> None:
    folder = tmp_path / "models" / "templated"
    shutil.copytree(EMBEDDED_DIR / "mav-tiny", folder)
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    server = make_server(load_backend, load_patience_s=patience)
    settings = {"model": "templated", "messages": [{"role": "user", "content": "Hi"}]}
    refused = server.client.post("/api/run", json=settings)
    problem = refused.json() if patience else list(events_in(refused.iter_lines()))[-1]
    assert (problem["code"], problem["field"]) == ("invalid_settings", "messages")
    assert said in problem["detail"]
    assert run(server, model="templated")[-1]["type"] == "done"
    until(lambda: is_idle(server))
