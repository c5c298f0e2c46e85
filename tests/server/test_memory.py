"""Runs are admitted by the memory that they may need."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mav_engine.backends import load_backend
from mav_engine.probes.attention_map import PatternMap
from mav_engine.running.prepare import PreparedRun, prepare
from mav_engine.running.run import events_after_start
from mav_engine.server.runs.available_memory import available_memory
from mav_engine.server.runs.memory import MemoryBudget, run_memory
from mav_engine.settings import RunSettings
from tests.server.conftest import MakeClient, MakeServer
from tests.server.servers import Gate, Models, problem, read_events, until

RUN = {"prompt": "Once", "min_new_tokens": 4, "max_new_tokens": 4, "capture": []}
LONG = {"prompt": "Once", "min_new_tokens": 2000, "max_new_tokens": 2000, "capture": []}
KEPT = 64 * 1024**2


def prepared(**settings: Any) -> PreparedRun:
    return prepare(RunSettings(**settings).resolved(), load_backend("mav-tiny"))


def needed_by(**settings: Any) -> Any:
    return run_memory(prepared(**settings), KEPT)


def test_the_estimate_covers_keys_and_values(monkeypatch: pytest.MonkeyPatch) -> None:
    from mav_engine.backends.inference.kv_pool import KVPool

    slots: list[int] = []
    move = KVPool.move

    def noted(pool: KVPool, slot: Any, length: int) -> None:
        move(pool, slot, length)
        slots.append(slot.slab.room * pool._shape.nbytes)

    monkeypatch.setattr(KVPool, "move", noted)
    for length in (20, 400):
        run = prepared(prompt="Once upon a time", min_new_tokens=length, max_new_tokens=length)
        list(events_after_start(run, lambda: None))
        assert slots[-1] == run_memory(run, KEPT).cache


def test_the_estimate_covers_the_attention_map(monkeypatch: pytest.MonkeyPatch) -> None:
    maps: list[int] = []
    made = PatternMap.__init__

    def noted(map_: PatternMap, prompt: Any, length: int) -> None:
        made(map_, prompt, length)
        maps.append(map_._rows.nbytes + prompt.nbytes)

    monkeypatch.setattr(PatternMap, "__init__", noted)
    run = prepared(
        prompt="Once upon a time " * 8, capture=["attention_map"], attn_every=4, max_new_tokens=32
    )
    list(events_after_start(run, lambda: None))
    assert 0 < maps[0] <= run_memory(run, KEPT).maps < 4 * maps[0]


def test_each_part_grows_with_what_makes_it_large() -> None:
    given: dict[str, Any] = {"prompt": "Once", "max_new_tokens": 100, "capture": []}
    plain = needed_by(**given)
    assert needed_by(**given | {"max_new_tokens": 400}).cache == 2 * plain.cache
    assert needed_by(**given | {"prompt": "Once " * 90}).cache > plain.cache
    assert (plain.maps, plain.tiles) == (0, 0)
    maps = [
        needed_by(**given | {"capture": ["attention_map"], "attn_every": 1, "max_new_tokens": n})
        for n in (50, 100)
    ]
    assert 3 < maps[1].maps / maps[0].maps < 4.1, "quadratic"
    tiles = [
        needed_by(**given | {"capture": ["tiles"], "tile": {"height": n, "width": n}}).tiles
        for n in (8, 16)
    ]
    assert tiles[1] == 4 * tiles[0]
    assert needed_by(**given | {"capture": ["logit_lens"]}).captures > plain.captures
    assert run_memory(prepared(**given), 1000).events == 1000


LONG_TEXT = "a" * 1500
CHAT = {"messages": [{"role": "user", "content": LONG_TEXT}]}
MAPS = {**RUN, "prompt": "a" * 200, "capture": ["attention_map"]}
TOO_LARGE: dict[str, tuple[int, dict[str, Any]]] = {
    "max_new_tokens": (500_000, LONG),
    "prompt": (400_000, {**RUN, "prompt": LONG_TEXT}),
    "messages": (400_000, {**RUN, "prompt": None, **CHAT}),
    "attn_every": (500_000, {**MAPS, "attn_every": 4}),
    "capture": (500_000, {**MAPS, "attn_every": 0}),
    "tile": (400_000, {**RUN, "capture": ["tiles"], "tile": {"height": 64, "width": 64}}),
}


@pytest.mark.parametrize("field", TOO_LARGE)
def test_a_run_that_can_never_fit_is_refused_with_the_remedy(
    make_client: MakeClient, field: str
) -> None:
    limit, given = TOO_LARGE[field]
    client = make_client(run_memory=limit)
    given = {name: value for name, value in given.items() if value is not None}
    refused = problem(client.post("/api/run", json=given))
    assert (refused["status"], refused["code"]) == (422, "invalid_settings")
    assert refused["field"] == field, refused["detail"]
    assert "MAV_RUN_MEMORY" in refused["detail"]
    assert read_events(client.post("/api/run", json=RUN))[-1]["type"] == "done"
    paired = problem(client.post("/api/compare", json={"a": RUN, "b": given}))
    assert (paired["status"], paired["field"]) == (422, f"b.{field}")


def test_a_run_that_fits_later_is_told_to_come_again(make_server: MakeServer, gate: Gate) -> None:
    server = make_server(Models(on_step=gate), run_memory=10_000_000)
    with ExitStack() as stack:

        def begin() -> int:
            stream = stack.enter_context(server.client.stream("POST", "/api/run", json=LONG))
            return stream.status_code

        statuses = [begin() for _ in range(4)]
        assert statuses[0] == 200
        assert statuses[-1] == 503
        taken = server.service.memory.taken
        assert 0 < taken <= 10_000_000
        refused = server.client.post("/api/run", json=LONG)
        assert (refused.status_code, problem(refused)["code"]) == (503, "busy")
        assert refused.headers["retry-after"] == "5"
        assert "MAV_RUN_MEMORY" in refused.json()["detail"]
        # A smaller one fits.
        stream = stack.enter_context(server.client.stream("POST", "/api/run", json=RUN))
        assert stream.status_code == 200
    gate.open()
    until(lambda: server.service.memory.taken == 0)
    assert read_events(server.client.post("/api/run", json=RUN))[-1]["type"] == "done"
    assert server.service.memory.taken == 0


def test_a_waiting_run_takes_memory_when_it_begins(make_server: MakeServer, gate: Gate) -> None:
    server = make_server(Models(on_step=gate), run_memory=5_000_000, max_runs=1)
    elsewhere = {**LONG, "model": "other"}
    with (
        server.client.stream("POST", "/api/run", json=RUN) as first,
        server.client.stream("POST", "/api/run", json=LONG) as waiting,
        server.client.stream("POST", "/api/run", json=elsewhere) as large,
    ):
        assert [first.status_code, waiting.status_code, large.status_code] == [200] * 3
        gate.allow(8)
        last = read_events(waiting)[-1]
        assert (last["type"], last["code"], last["retry_after_s"]) == ("error", "busy", 5.0)
    gate.open()


def test_both_runs_of_a_comparison_fit_together_or_are_refused(make_client: MakeClient) -> None:
    client = make_client(run_memory=6_000_000)
    assert read_events(client.post("/api/run", json=LONG))[-1]["type"] == "done"
    refused = problem(client.post("/api/compare", json={"a": LONG, "b": LONG}))
    assert (refused["status"], refused["field"]) == (422, "b.max_new_tokens")
    assert "Both runs" in refused["detail"]
    assert client.app.state.service.memory.taken == 0  # type: ignore[attr-defined]


def test_no_limit_is_no_limit(make_client: MakeClient) -> None:
    client = make_client(run_memory=0)
    assert client.app.state.service.memory.limit is None  # type: ignore[attr-defined]
    assert client.post("/api/run", json=RUN).status_code == 200


def test_keys_and_values_on_a_gpu_count_there() -> None:
    run = prepared(prompt="Once", max_new_tokens=100)
    object.__setattr__(run.backend.info, "device", "cuda:1")
    try:
        needed = run_memory(run, KEPT)
        assert (needed.device, needed.on("cuda:1")) == ("cuda:1", needed.cache)
        assert needed.on("cpu") == needed.total - needed.cache
        budget = MemoryBudget(10**12, lambda device: needed.cache * 2 if device == "cuda:1" else 0)
        budget.check(run, needed)
        budget.take("a run", needed)
        with pytest.raises(Exception, match="active runs have"):
            budget.take("another", needed)
        budget.give_back("a run")
        budget.take("another", needed)
        small = MemoryBudget(10**12, lambda _: needed.cache)
        with pytest.raises(Exception, match="keys and values"):
            small.check(run, needed)
    finally:
        object.__setattr__(run.backend.info, "device", "cpu")


def machine(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="ascii")
    return root


MEMINFO = {"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable:    8000 kB\n"}
GROUP = "sys/fs/cgroup"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (MEMINFO, 8000 * 1024),
        (
            MEMINFO | {"proc/self/cgroup": "0::/a/b\n", f"{GROUP}/a/b/memory.max": "max\n",
                       f"{GROUP}/a/memory.max": "5000\n", f"{GROUP}/a/memory.current": "1000\n"},
            4000,
        ),
        (
            MEMINFO | {"proc/self/cgroup": "0::/\n", f"{GROUP}/memory.max": "3000\n",
                       f"{GROUP}/memory.current": "4000\n"},
            0,
        ),
        (
            MEMINFO | {"proc/self/cgroup": "4:memory:/x\n1:cpu:/\n0::/\n",
                       f"{GROUP}/memory/memory.limit_in_bytes": "7000\n",
                       f"{GROUP}/memory/memory.usage_in_bytes": "500\n"},
            6500,
        ),
        (MEMINFO | {"proc/self/cgroup": "broken\n\n0\n", f"{GROUP}/memory.max": "?"}, 8000 * 1024),
    ],
)  # fmt: skip
def test_the_least_of_machine_and_control_groups_is_available(
    tmp_path: Path, files: dict[str, str], expected: int
) -> None:
    assert available_memory(machine(tmp_path, files)) == expected


def test_where_nothing_is_said_the_memory_of_the_machine_counts(tmp_path: Path) -> None:
    assert (available_memory(tmp_path) or 0) > 10**8
