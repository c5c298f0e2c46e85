"""Two engines behind a gateway, on Ray Serve on this machine: `make test-ray` (docs/scaling.md)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
import yaml

from mav_engine import RunSettings, collect, run
from tests.server.servers import PATIENCE_S, events_in, problem, read_events, until

pytest.importorskip("ray", reason="Ray is not installed; `make test-ray` installs it")

ROOT = Path(__file__).resolve().parents[2]
STARTS_S = 180.0
"""Ray starts about ten processes."""
LONG = {"prompt": "Once upon a time", "max_new_tokens": 400, "min_new_tokens": 400, "seed": 1}


class Cluster:
    """Ray Serve in processes of its own."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=STARTS_S)
        self.process = process

    def engines(self) -> list[psutil.Process]:
        found = psutil.Process(self.process.pid).children(recursive=True)
        return [each for each in found if "ServeReplica:mav:engine" in " ".join(_command(each))]

    def scale_down(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("one engine\n")
        self.process.stdin.flush()
        self.wait_for("one engine")

    def wait_for(self, line: str) -> None:
        """Wait for a line of the process; Ray writes others between."""
        assert self.process.stdout is not None
        assert any(each == f"{line}\n" for each in self.process.stdout), f"no line {line!r}"


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MAV_SECRET": "a secret that engines share",
        "OMP_NUM_THREADS": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    command = [sys.executable, "-m", "tests.server.ray_cluster", str(port)]
    with subprocess.Popen(
        command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        started = [process, *psutil.Process(process.pid).children()]
        try:
            cluster = Cluster(process, port)
            cluster.wait_for("serving")
            started += psutil.Process(process.pid).children(recursive=True)
            yield cluster
            cluster.client.close()
            process.stdin.close()
            process.wait(PATIENCE_S)
        finally:
            for each in started:
                if each.poll() is None if isinstance(each, subprocess.Popen) else each.is_running():
                    each.kill()


SHORT = {**LONG, "max_new_tokens": 3, "min_new_tokens": 3}


def short_run(cluster: Cluster) -> str:
    """The id of a run that has ended as it should."""
    events = read_events(cluster.client.post("/api/run", json=SHORT))
    assert events[-1]["reason"] == "length"
    run_id: str = events[0]["run_id"]
    return run_id


def engine_of(run_id: str) -> str:
    return run_id[:12]


def test_events_stream_and_can_be_watched_and_a_disconnect_reaches_the_engine(
    cluster: Cluster,
) -> None:
    with cluster.client.stream("POST", "/api/run", json=LONG) as response:
        events = events_in(response.iter_lines())
        run_id = next(events)["run_id"]
        assert next(events)["type"] == "prompt"
        assert next(events)["index"] == 0
        path = f"/api/runs/{run_id}/events"
        with cluster.client.stream("GET", path) as other:
            watched = events_in(other.iter_lines())
            assert [next(watched)["type"] for _ in range(3)] == ["start", "prompt", "token"]
    # Nobody watches any more, so the engine that has the run has stopped it.
    ends: list[dict[str, Any]] = []
    until(lambda: not ends.append(read_events(cluster.client.get(path))[-1]) and ends != [])
    assert ends[-1]["reason"] == "cancelled"
    rest = read_events(cluster.client.post("/api/run", json={"resume": ends[-1]["resume"]}))
    assert ends[-1]["text"] + rest[-1]["text"] == collect(run(RunSettings(**LONG))).text


def test_watchers_of_a_run_get_the_same_from_the_engine_that_has_it(cluster: Cluster) -> None:
    first = cluster.client.post("/api/run", json=SHORT)
    path = f"/api/runs/{read_events(first)[0]['run_id']}/events"
    assert {cluster.client.get(path).text for _ in range(10)} == {first.text}
    lost = cluster.client.get(path.replace("/runs/", "/runs/0000"))
    assert (lost.status_code, problem(lost)["code"]) == (404, "unknown_run")


def test_the_site_and_the_documents_are_there(cluster: Cluster) -> None:
    assert cluster.client.get("/api/openapi.json").json()["openapi"] == "3.2.0"
    assert cluster.client.get("/").status_code == 200
    names = [model["name"] for model in cluster.client.get("/api/models").json()["models"]]
    assert names == ["mav-tiny"]
    bad = cluster.client.post("/api/run", json={"prompt": "a", "top_k": -1})
    assert (bad.status_code, problem(bad)["field"]) == (422, "top_k")


class Reader:
    """A client that continues its run whenever it ends early, as docs/scaling.md describes."""

    def __init__(self, client: httpx2.Client, seed: int) -> None:
        self.settings = {**LONG, "seed": seed, "temperature": 0.8}
        self.ids: list[int] = []
        self.errors: list[str] = []
        self.engines: list[str] = []
        self.begun = threading.Event()
        self._client = client

    def read(self) -> list[int]:
        request: dict[str, Any] = self.settings
        while True:
            with self._client.stream("POST", "/api/run", json=request) as response:
                assert response.status_code == 200, response.read()
                for event in events_in(response.iter_lines()):
                    self._take(event)
            if event["type"] == "done" and event["reason"] == "length":
                return self.ids
            if event["type"] == "done":
                request = {"resume": event["resume"]}
            else:
                assert event["retry_after_s"] == 1
                self.errors.append(event["code"])
                request = {**self.settings, "forced_ids": self.ids}

    def _take(self, event: dict[str, Any]) -> None:
        if event["type"] == "start":
            self.engines.append(engine_of(event["run_id"]))
        if event["type"] == "token" and event["index"] == len(self.ids):
            self.ids.append(event["token"]["id"])
        if len(self.ids) == 5:
            self.begun.set()


@pytest.fixture
def readers(cluster: Cluster) -> Iterator[list[Reader]]:
    """Clients of runs on both engines, which have begun."""
    until(lambda: len({engine_of(short_run(cluster)) for _ in range(8)}) == 2)
    readers = [Reader(cluster.client, seed) for seed in range(8)]
    with ThreadPoolExecutor(len(readers)) as threads:
        reading = [threads.submit(each.read) for each in readers]
        for each in readers:
            assert each.begun.wait(PATIENCE_S)
        assert len({each.engines[0] for each in readers}) == 2
        yield readers
        for each, found in zip(readers, reading, strict=True):
            unbroken = collect(run(RunSettings(**each.settings)))
            assert found.result() == [token.token.id for token in unbroken.tokens]


def test_an_engine_is_killed_and_every_run_is_completed(
    cluster: Cluster, readers: list[Reader]
) -> None:
    cluster.engines()[0].kill()
    # A new run goes on at once.
    short_run(cluster)
    until(lambda: any(each.errors for each in readers))
    lost = [each for each in readers if each.errors]
    assert {error for each in lost for error in each.errors} == {"engine_lost"}
    assert len(lost) < len(readers)


def test_an_engine_is_drained_and_no_run_is_broken(cluster: Cluster, readers: list[Reader]) -> None:
    cluster.scale_down()
    assert [each.errors for each in readers] == [[]] * len(readers)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_config_file_is_valid() -> None:
    from ray.serve.schema import ServeDeploySchema

    text = (ROOT / "deploy" / "ray" / "serve.yaml").read_text(encoding="utf-8")
    ServeDeploySchema.model_validate(yaml.safe_load(text))
