"""What an operator sees of a server: its log, its metrics, its traces."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from mav_engine.api_keys import KeyFile
from mav_engine.backends import load_backend
from mav_engine.config import ServerConfig
from mav_engine.errors import InvalidSettings
from mav_engine.models.catalog import Catalog
from mav_engine.server.app import create_app
from mav_engine.server.logs import configure_logs
from mav_engine.server.metrics import MODELS, Metrics, State
from mav_engine.server.runs.run_progress import RunProgress
from mav_engine.server.tracing import tracing_of
from tests.server.conftest import MakeClient, MakeServer
from tests.server.servers import PATIENCE_S, Models, RealServer, read_events, until

SECRET_TEXT = "a secret prompt of a visitor"
RUN = {"prompt": SECRET_TEXT, "min_new_tokens": 4, "max_new_tokens": 4}


def metrics_in(text: str) -> dict[str, float]:
    return {
        each.name
        + "".join(f",{name}={value}" for name, value in sorted(each.labels.items())): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def seen(server: RealServer) -> dict[str, float]:
    answer = server.client.get("/api/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return metrics_in(answer.text)


def test_metrics_say_what_happened(make_server: MakeServer) -> None:
    server = make_server(Models(memory_bytes=1234))
    before = seen(server)
    assert before["mav_runs_active"] == before["mav_runs_waiting"] == 0
    for _ in range(2):
        read_events(server.client.post("/api/run", json=RUN))
    server.client.post("/api/run", json={**RUN, "temperature": -1})
    server.client.get("/api/models")
    server.client.get("/api/nothing-of-this-name")
    until(lambda: seen(server).get("mav_runs_total,end=length,model=fake") == 2)
    after = seen(server)
    assert after["mav_tokens_total,model=fake"] == 8
    assert after["mav_first_token_seconds_count,model=fake"] == 2
    assert after["mav_queue_seconds_bucket,le=+Inf,model=fake"] == 2
    assert after["mav_tokens_per_second_count,model=fake"] == 2
    assert after["mav_tokens_per_second_sum,model=fake"] > 0
    assert after["mav_model_bytes"] == 1234
    assert after["mav_models_loaded"] == 1
    assert after["mav_run_bytes"] == 0
    assert after["mav_run_bytes_limit"] > 0
    assert after["mav_model_cache_total,result=hit"] == 1
    assert after["mav_model_cache_total,result=miss"] == 1
    assert after["mav_requests_total,method=POST,route=/api/run,status=200"] == 2
    assert after["mav_requests_total,method=POST,route=/api/run,status=422"] == 1
    assert after["mav_requests_total,method=GET,route=/api/models,status=200"] == 1
    assert after["mav_requests_total,method=GET,route=other,status=404"] == 1
    if sys.platform == "linux":
        assert after["process_resident_memory_bytes"] > 10**6
    assert "nothing-of-this-name" not in str(after)


def test_the_prefix_cache_counts_prompts_that_begin_alike() -> None:
    backend = load_backend("mav-tiny")

    def load(*_: Any, **__: Any) -> Any:
        return backend

    server = RealServer(create_app(ServerConfig(), Catalog(), load))
    try:
        before = seen(server)
        for _ in range(2):
            given = {"prompt": "A long prompt that nobody has sent before it", "max_new_tokens": 2}
            read_events(server.client.post("/api/run", json=given))
        after = seen(server)
        for result in ("hit", "miss"):
            name = f"mav_prefix_cache_total,result={result}"
            assert after[name] - before[name] == 1
    finally:
        server.stop()


def test_clients_cannot_make_endless_labels() -> None:
    metrics = Metrics()
    for number in range(MODELS + 5):
        metrics.run_ended(RunProgress("id", f"model {number}"))
    found = [name for name in metrics_in(metrics.text(State).decode()) if "mav_runs_total" in name]
    assert len(found) == MODELS + 1


def test_every_address_of_the_api_has_its_own_label(make_server: MakeServer) -> None:
    client = make_server().client
    for path in client.get("/api/openapi.json").json()["paths"]:
        client.head(path.replace("{run_id}", "0" * 32))
    text = client.get("/api/metrics").text
    assert 'route="/api/run"' in text
    assert 'route="other"' not in text


@pytest.mark.parametrize(
    "sent",
    [
        {"X-Forwarded-For": "203.0.113.7"},
        {"X-Forwarded-Host": "example.org"},
        {"Host": "example.org"},
        {"X-Real-IP": "203.0.113.7"},
    ],
    ids=lambda sent: next(iter(sent)),
)
def test_strangers_see_no_metrics(make_server: MakeServer, sent: dict[str, str]) -> None:
    server = make_server(allowed_hosts=("*",))
    refused = server.client.get("/api/metrics", headers=sent)
    assert (refused.status_code, refused.json()["code"]) == (401, "key_refused")


def test_a_key_with_the_scope_sees_them_from_anywhere(
    make_server: MakeServer, tmp_path: Path
) -> None:
    path = tmp_path / "keys.json"
    right, wrong = KeyFile(path).add("a", ["metrics"]), KeyFile(path).add("b", ["run"])
    for required in (True, False):
        server = make_server(keys_file=path, require_key=required)
        for key, status in ((right, 200), (wrong, 403)):
            headers = {"Authorization": f"Bearer {key}", "X-Forwarded-For": "203.0.113.7"}
            assert server.client.get("/api/metrics", headers=headers).status_code == status
        assert server.client.get("/api/metrics").status_code == (401 if required else 200)
        assert server.client.get("/api/ready").status_code == 200


def test_without_the_package_there_are_no_metrics(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = make_server()
    monkeypatch.setattr("mav_engine.server.metrics.find_spec", lambda _: None)
    assert server.client.get("/api/metrics").status_code == 404
    assert read_events(server.client.post("/api/run", json=RUN))[-1]["type"] == "done"


@pytest.fixture
def logged() -> Iterator[None]:
    """Restores the loggers."""
    root, mav = logging.getLogger(), logging.getLogger("mav")
    before = root.handlers[:], root.level, mav.level
    yield
    root.handlers[:], level, mav_level = before
    root.setLevel(level)
    mav.setLevel(mav_level)


def log_of(folder: Path, **settings: str) -> str:
    """The log of a server with one good run, one that fails and one request that is refused."""
    log = folder / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "tests.server.fake_server"],
            stdout=output, stderr=output, env={**os.environ, **settings},
        ) as process,
    ):  # fmt: skip
        try:
            until(lambda: b"\n" in log.read_bytes())
            found = re.search(rb"http://localhost:(\d+)", log.read_bytes())
            assert found is not None
            with httpx2.Client(base_url=f"http://127.0.0.1:{int(found[1])}") as client:
                for given in (RUN, {**RUN, "model": "breaks"}, {**RUN, "top_k": -1}):
                    client.post("/api/run", json=given, timeout=PATIENCE_S)
            process.terminate()
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()
    return log.read_text(encoding="utf-8")


def test_the_log_as_json_has_the_run(tmp_path: Path) -> None:
    text = log_of(tmp_path, MAV_LOG_FORMAT="json", MAV_LOG_LEVEL="info")
    records = [orjson.loads(line) for line in text.splitlines()[1:]]
    for record in records:
        assert {"event", "level", "logger", "timestamp"} <= record.keys()
    ends = [each for each in records if each["event"] == "run ended"]
    assert [each["end"] for each in ends] == ["length", "run_failed"]
    assert all(re.fullmatch("[0-9a-f]{32}", each["run_id"]) for each in ends)
    assert ends[0]["tokens"] == 4
    assert 0 < ends[0]["first_token_s"] <= ends[0]["seconds"]
    (failed,) = (each for each in records if each["level"] == "error")
    assert failed["run_id"] == ends[1]["run_id"]
    assert "Traceback" in failed["exception"]
    requests = [each for each in records if each["logger"] == "mav.requests"]
    assert sorted((each["event"], each["status"]) for each in requests) == [
        ("POST /api/run", 200), ("POST /api/run", 200), ("POST /api/run", 422),
    ]  # fmt: skip
    assert all(each["client"] == "127.0.0.1" for each in requests)
    assert SECRET_TEXT not in text


def test_the_log_as_text_has_one_line_for_each_record(tmp_path: Path) -> None:
    text = log_of(tmp_path, MAV_LOG_LEVEL="info")
    (ended, failed) = re.findall(r"^INFO mav\.runs: run ended (.+)$", text, re.MULTILINE)
    assert re.search(r"run_id=[0-9a-f]{32} .*end=length tokens=4", ended)
    run_id = re.search(r"run_id=([0-9a-f]{32})", failed)
    assert run_id is not None
    assert re.search(rf"^ERROR .+ run_id={run_id[1]}\nTraceback", text, re.MULTILINE)
    assert SECRET_TEXT not in text


def test_by_default_only_faults_are_logged(tmp_path: Path) -> None:
    text = log_of(tmp_path)
    assert re.findall(r"^[A-Z]+ mav", text, re.MULTILINE) == ["ERROR mav"]


def test_a_record_of_an_engine_thread_has_the_id_of_its_run(
    make_client: MakeClient, logged: None, capsys: pytest.CaptureFixture[str]
) -> None:
    del logged
    log = logging.getLogger("mav.probes")
    client = make_client(Models(on_step=lambda: log.warning("a slow step")))
    configure_logs(ServerConfig(log_format="json"))
    events = read_events(client.post("/api/run", json=RUN))
    lines = [orjson.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {each["run_id"] for each in lines if each["event"] == "a slow step"} == {
        events[0]["run_id"]
    }


class Collector:
    """Receives traces, as a collector of OpenTelemetry does."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.resources: list[str] = []
        received = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.add(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def add(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            self.resources += [str(resource.resource)]
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_traces_follow_a_request_into_its_run(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    try:
        tracing = tracing_of(os.environ)
        server = RealServer(create_app(ServerConfig(), catalog, Models(), tracing=tracing))
        headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
        events = read_events(server.client.post("/api/run", json=RUN, headers=headers))
        server.client.post("/api/run", json={**RUN, "top_k": -1}, headers=headers)
        server.stop()
        spans = {each.name: each for each in collector.spans if each.name != "POST /api/run"}
        requests = [each for each in collector.spans if each.name == "POST /api/run"]
        requests.sort(key=lambda each: each.end_time_unix_nano - each.start_time_unix_nano)
        requests.reverse()
    finally:
        collector.close()
    assert set(spans) == {"run", "queue", "prefill", "generate"}
    statuses = [
        value.value.int_value
        for each in requests
        for value in each.attributes
        if value.key == "http.response.status_code"
    ]
    assert sorted(statuses) == [200, 422]
    assert {each.trace_id.hex() for each in collector.spans} == {trace_id}
    assert requests[0].parent_span_id.hex() == "00f067aa0ba902b7"
    assert spans["run"].parent_span_id == requests[0].span_id
    times = []
    for name in ("queue", "prefill", "generate"):
        assert spans[name].parent_span_id == spans["run"].span_id
        times += [spans[name].start_time_unix_nano, spans[name].end_time_unix_nano]
    assert times == sorted(times)
    attributes = {each.key: each.value for each in spans["run"].attributes}
    assert attributes["mav.run_id"].string_value == events[0]["run_id"]
    assert attributes["mav.tokens"].int_value == 4
    assert any("mav" in each for each in collector.resources)
    assert SECRET_TEXT not in str(collector.spans)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_SDK_DISABLED": "true"},
    ],
    ids=str,
)
def test_nothing_is_traced_unless_asked_for(environment: dict[str, str]) -> None:
    assert tracing_of(environment) is None


def test_an_unknown_exporter_and_missing_packages_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(InvalidSettings, match="zipkin"):
        tracing_of({"OTEL_TRACES_EXPORTER": "zipkin"})
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace.export", None)
    with pytest.raises(InvalidSettings, match=r"mav-engine\[otel\]"):
        tracing_of({"OTEL_TRACES_EXPORTER": "console"})


def test_starting_a_server_imports_none_of_it() -> None:
    code = (
        "import sys, mav_engine.server.asgi, mav_engine.server.serve\n"
        "print([name for name in ('limits', 'structlog', 'prometheus_client', 'opentelemetry',"
        " 'redis') if name in sys.modules])"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=clean
    )
    assert ended.stdout.strip() == "[]"
