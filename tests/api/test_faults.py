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
from torch.nn import functional

from mav_engine.backends import load_backend
from mav_engine.backends.native.llama import Pass
from mav_engine.backends.transformers import native
from mav_engine.catalog import EMBEDDED_DIR
from tests.api.conftest import MakeServer
from tests.api.servers import PATIENCE_S, Models, RealServer, events_in, read_events, types, until

ASKED: dict[str, Any] = {"prompt": "Once upon a time", "max_new_tokens": 6, "min_new_tokens": 6}
TINY = {**ASKED, "model": "mav-tiny"}


def run(server: RealServer, **given: Any) -> list[dict[str, Any]]:
    return read_events(server.client.post("/api/run", json={**ASKED, **given}))


def ids_of(events: list[dict[str, Any]]) -> list[int]:
    return [event["token"]["id"] for event in events if event["type"] == "token"]


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
    asked = {**ASKED, "seed": 1, "temperature": 1.0}
    with (
        httpx2.Client(base_url=server.url, timeout=PATIENCE_S) as other,
        server.client.stream("POST", "/api/run", json=asked) as good,
        other.stream("POST", "/api/run", json={**asked, "seed": 2}) as bad,
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


def test_a_model_of_nan_ends_its_run_and_the_others_go_on(
    make_server: MakeServer, tmp_path: Path
) -> None:
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
    "compiled_pass", [native.compiled_pass, lambda: None], ids=["as it is", "by numpy"]
)
def test_a_model_outlives_a_run_that_took_its_memory(
    make_server: MakeServer,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
    compiled_pass: Callable[[], Pass | None],
) -> None:
    monkeypatch.setattr(native, "compiled_pass", compiled_pass)
    server = make_server(load_backend)
    expected = ids_of(run(server, model="mav-tiny"))
    passes, linear, product = 0, functional.linear, torch.bmm
    halves = "fbgemm_linear_fp16_weight_fp32_activation"
    of_halves, whole = getattr(torch, halves), native.WholeTrace

    def counted(made: torch.Tensor) -> torch.Tensor:
        # The unembedding, whole or in blocks of it: once a pass.
        if 4096 in (made.shape[-1], made.shape[0] * made.shape[-1]):
            count()
        return made

    def compiled(*given: Any) -> native.WholeTrace:
        count()
        return whole(*given)

    def count() -> None:
        nonlocal passes
        passes += 1
        if passes > after:
            full()

    with monkeypatch.context() as patched:
        patched.setattr(functional, "linear", lambda *given: counted(linear(*given)))
        patched.setattr(torch, "bmm", lambda *given: counted(product(*given)))
        patched.setattr(torch, halves, lambda *given: counted(of_halves(*given)))
        patched.setattr(native, "WholeTrace", compiled)
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
        told = response.json() if patience else list(events_in(response.iter_lines()))[-1]
        assert (told["code"], told["field"]) == ("model_load_failed", "model")
        assert "model.norm.weight" in told["detail"]
    assert run(server, model="mav-tiny")[-1]["reason"] == "length"
    until(lambda: is_idle(server))
    assert server.client.get("/api/health").json()["models_loaded"] == ["mav-tiny"]


def test_without_an_end_of_text_a_full_context_ends_the_run(
    make_server: MakeServer, tmp_path: Path
) -> None:
    folder = tmp_path / "models" / "endless"
    shutil.copytree(EMBEDDED_DIR / "mav-tiny", folder)
    for name in ("config.json", "generation_config.json", "tokenizer_config.json"):
        named = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**named, "eos_token_id": None, "eos_token": None}))
    server = make_server(load_backend)
    given = {"model": "endless", "prompt": "The end. " * 120, "max_new_tokens": 200}
    events = run(server, **given)
    done = events[-1]
    assert (done["type"], done["reason"], done["resume"]) == ("done", "length", None)
    read = next(event for event in events if event["type"] == "prompt")["tokens"]
    assert len(read) + done["tokens"] == events[0]["model"]["context"] == 512
    assert run(server, model="endless")[-1]["resume"] is not None
    until(lambda: is_idle(server))
