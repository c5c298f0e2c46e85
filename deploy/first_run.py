"""Starts the installed server once and runs the embedded model: a test of images and wheels.

While an image is built, Python thus keeps the bytecode of everything that the server imports. It
cannot write it when it runs, and would compile it at each start.

    python first_run.py [--compiled SOURCE ...]     which compiled code must be there
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from urllib.request import Request, urlopen

BODY = {"prompt": "Once upon a time", "max_new_tokens": 8}


def main() -> None:
    """Start, run, and end; raises an error if one of them fails."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiled", nargs="*", default=[])
    check_compiled(parser.parse_args().compiled)
    command = [sys.executable, "-m", "mav_engine", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = next(word for word in server.stdout.readline().split() if "://" in word)
            with urlopen(address) as page:
                assert b"The site is not built" not in page.read()
            request = Request(
                f"{address}/api/run",
                json.dumps(BODY).encode(),
                {"Content-Type": "application/json", "Accept": "application/x-ndjson"},
            )
            with urlopen(request) as events:
                last = json.loads(events.read().splitlines()[-1])
            assert last["type"] == "done", last
        finally:
            server.terminate()
    # Windows ends a program at once.
    assert server.returncode == 0 or sys.platform == "win32", server.returncode


def check_compiled(sources: list[str]) -> None:
    """Each source must have a build that this processor can run."""
    from mav_engine.backends.inference.kernels.native.builds import builds

    for source in sources:
        assert builds(source), f"there is no compiled code of {source}"


if __name__ == "__main__":
    main()
