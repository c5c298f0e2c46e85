"""500 clients watch one run of a server in a process of its own; each gets all of it."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import psutil

from bench.watchers import watch
from tests.server.servers import until

WATCHERS = 500
TOKENS = 40


def test_500_watchers_get_the_same_whole_run(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "tests.server.fake_server"],
            stdout=output, stderr=output, env={**os.environ, "MAV_MAX_CONNECTIONS": "600"},
        ) as process,
    ):  # fmt: skip
        try:
            until(lambda: b"\n" in log.read_bytes())
            found = re.search(r"http://localhost:(\d+)", log.read_text(encoding="utf-8"))
            assert found is not None, log.read_text(encoding="utf-8")
            before = psutil.Process(process.pid).memory_info().rss
            settings: dict[str, object] = {"min_new_tokens": TOKENS, "max_new_tokens": TOKENS}
            watched = asyncio.run(watch(int(found[1]), settings, WATCHERS))
            grown = psutil.Process(process.pid).memory_info().rss - before
        finally:
            process.terminate()
    print(f"{WATCHERS} watchers: {watched.seconds:.1f} s, {grown / 1e6:.0f} MB more memory")
    assert len(watched.received) == WATCHERS
    assert {each.digest for each in watched.received} == {watched.received[0].digest}
    assert {each.events for each in watched.received} == {TOKENS + 3}
