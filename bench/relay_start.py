"""How long a site that only relays takes from the start of its process to its first answer.

`python -m bench.relay_start` starts a server with the embedded model, and beside it, several times,
a site that relays to it. It prints the seconds until the site has answered `/api/models`, and the
processor time that it used, which other work on the machine hardly changes.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx2

ROUNDS = 9


@contextlib.contextmanager
def served(**environment: str) -> Iterator[str]:
    """The address of a server in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "mav_engine", "serve", "--port", "0"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://localhost(:\d+)", process.stdout.readline())
            assert found is not None
            yield f"http://127.0.0.1{found[1]}"
        finally:
            process.kill()


def first_answer_s(upstream: str) -> tuple[float, float]:
    """Seconds from the start of a site's process to its list of models, and its processor time."""
    began, used = time.perf_counter(), children_s()
    with served(MAV_UPSTREAM=upstream, MAV_EMBEDDED="0") as url:
        listed = httpx2.get(f"{url}/api/models", trust_env=False, timeout=60).json()
        took = time.perf_counter() - began
    assert listed["hosts"], listed
    return took, children_s() - used


def children_s() -> float:
    """The processor time of all processes that this one has started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Print the medians and all times."""
    with served() as upstream:
        httpx2.get(f"{upstream}/api/models", trust_env=False, timeout=60)
        rounds = [first_answer_s(upstream) for _ in range(ROUNDS)]
    for name, times in zip(("elapsed", "processor"), zip(*rounds, strict=True), strict=True):
        all_of_them = " ".join(f"{each:.2f}" for each in sorted(times))
        print(f"{name}: median {statistics.median(times):.2f} s of {all_of_them}")


if __name__ == "__main__":
    main()
