"""What looking costs besides speed: first token, memory, bytes on the wire, start-up."""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.contenders import plain
from bench.models import PROMPT, Shape
from mav_engine import RunSettings, run
from mav_engine.backends import load_backend
from mav_engine.contract.events import Token, to_json
from mav_engine.server.http.compression import LEVEL
from mav_engine.server.runs.stream import worth_it
from mav_engine.settings import DEFAULT_PROBES

ALL_PROBES = [*DEFAULT_PROBES, "attention_rows", "logit_lens", "tiles"]


@dataclass(frozen=True, slots=True)
class Cost:
    """One figure that is no ratio."""

    what: str
    figure: str
    limit: str = ""
    name: str = ""
    """By which documents find it, where they have it in a sentence."""


def of_shape(shape: Shape, folder: Path, rounds: int) -> list[Cost]:
    """First token, memory and bytes of one model."""
    return [
        _first_token(shape, folder, rounds),
        _memory(shape, folder),
        *_bytes_on_the_wire(shape, folder),
    ]


def of_starting(rounds: int) -> list[Cost]:
    """Imports, loading and the API's cold start, each in a process of its own."""
    imports = {
        "import mav_engine": "import mav_engine",
        "import api.index": "import api.index",
        "load mav-tiny": ("from mav_engine.backends import load_backend; load_backend('mav-tiny')"),
    }
    empty = _median(lambda: _python("pass"), rounds)
    costs = [
        Cost(what, _import_time(_median(lambda code=code: _python(code), rounds) - empty))  # type: ignore[misc]
        for what, code in imports.items()
    ]
    start = _median(_cold_start, rounds)
    return [
        *costs,
        Cost("API, process start to first token", f"{start:.1f} s", "4 s", "cold start"),
    ]


def _import_time(seconds: float) -> str:
    """The difference of two measured times, which is noise where nothing large is imported."""
    return f"{seconds:.2f} s" if seconds >= 0.01 else "under 0.01 s"


def _first_token(shape: Shape, folder: Path, rounds: int) -> Cost:
    write, backend = plain(folder), load_backend(str(folder), prefix_bytes=0)

    def first() -> None:
        events = run(RunSettings(prompt=PROMPT, max_new_tokens=2), backend=backend)
        next(event for event in events if isinstance(event, Token))

    first()
    write(1)
    pairs = [(_seconds(first), _seconds(lambda: write(1))) for _ in range(rounds)]
    ours, theirs = (1000 * statistics.median(each) for each in zip(*pairs, strict=True))
    figure = f"{ours:.1f} ms; generate() {theirs:.1f} ms"
    return Cost(f"{shape.title}: time to first token", figure)


def _memory(shape: Shape, folder: Path) -> Cost:
    what = f"{shape.title}: peak memory over the weights, 256 tokens"
    if not Path("/proc/self/clear_refs").exists():
        return Cost(what, "only available on Linux")
    ended = subprocess.run(
        [sys.executable, "-m", "bench.memory", str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    result = json.loads(ended.stdout.splitlines()[-1])
    ours, theirs = (max(0, round(result[side])) for side in ("ours", "plain"))
    return Cost(what, f"{ours} MB; generate() {theirs} MB")


def _bytes_on_the_wire(shape: Shape, folder: Path) -> list[Cost]:
    backend = load_backend(str(folder), prefix_bytes=0)
    room = min(backend.info.context or 512, 512) - len(backend.encode_prompt(PROMPT))

    def largest(capture: Sequence[str], length: int) -> str:
        settings = RunSettings(
            prompt=PROMPT, max_new_tokens=length, min_new_tokens=length, capture=list(capture)
        )
        gzip = zlib.compressobj(LEVEL)
        for event in run(settings, backend=backend):
            plain = to_json(event)
            packed = len(gzip.compress(plain) + gzip.flush(zlib.Z_SYNC_FLUSH))
            if isinstance(event, Token):
                size = f"{len(plain) / 1000:.1f} kB"
                # As the server does it, for clients that take it, where attention is captured.
                if worth_it(capture, "gzip"):
                    size = f"{packed / 1000:.1f} kB with gzip, {size} without"
        return size

    layers = f"{shape.title}, {backend.info.layers} layers"
    everything = ", ".join(ALL_PROBES[len(DEFAULT_PROBES) :])
    return [
        Cost(
            f"{layers}: a token on the wire, default probes",
            largest(DEFAULT_PROBES, 8),
            "6 kB",
        ),
        Cost(
            f"{layers}: a token on the wire, {everything} added, 512 keys",
            largest(ALL_PROBES, room),
            "60 kB",
        ),
    ]


def _cold_start() -> None:
    """Start the server, ask for a token as soon as it listens, and stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mav_engine", "serve", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _heard_a_token(port):
            if server.poll() is not None:
                raise RuntimeError("mav serve ended before it served")
    finally:
        server.terminate()
        server.wait()


def _heard_a_token(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/api/run", json.dumps({"prompt": PROMPT, "max_new_tokens": 1}),
                           {"Content-Type": "application/json"})  # fmt: skip
        return any(b"event: token" in line for line in connection.getresponse())
    except ConnectionRefusedError:
        return False
    finally:
        connection.close()


def _python(code: str) -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _median(work: Callable[[], object], rounds: int) -> float:
    return statistics.median(_seconds(work) for _ in range(rounds))
