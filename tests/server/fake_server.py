"""A server of fake models in a process of its own, started as `mav serve` starts one.

The first argument is its port; by default a free one, which it prints.
`fake` takes 5 ms a token; `slow` never finishes loading; `stuck` never finishes tokenizing; `halts`
never finishes its fifth pass, `halted` its first; `breaks` raises in its first.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, cast

from mav_engine.backends.fake import FakeBackend
from mav_engine.config import read_environment
from mav_engine.models.catalog import Catalog
from mav_engine.server import serve as server
from mav_engine.server.app import create_app
from tests.server.servers import Models

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 0
folder = Path(tempfile.gettempdir()) / "mav-fake-models"
for name in ("fake", "slow", "stuck", "halts", "halted", "breaks"):
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "config.json").write_text("{}", encoding="utf-8")


class Loading(Models):
    def __call__(self, source: str, *, name: str, device: str, dtype: str) -> FakeBackend:
        backend = super().__call__(source, name=name, device=device, dtype=dtype)
        if name == "stuck":
            backend.vocabulary.encode = lambda *_, **__: cast(Any, threading.Event().wait())  # type: ignore[method-assign]
        if name == "halts":
            backend._on_step = Halting(4)
        if name == "breaks":
            backend._on_step = lambda: 1 / 0
        if name == "halted":
            backend.open = lambda *_, **__: cast(Any, threading.Event().wait())  # type: ignore[method-assign]
        return backend


class Halting:
    """Lets some passes through; further ones take forever."""

    def __init__(self, passes: int) -> None:
        self._left = passes

    def __call__(self) -> None:
        if self._left == 0:
            threading.Event().wait()
        self._left -= 1


def load(name: str) -> None:
    if name == "slow":
        threading.Event().wait()


app = create_app(
    read_environment(os.environ),
    Catalog(models_dir=folder, default="fake"),
    Loading(on_load=load, on_step=lambda: time.sleep(0.005)),
)

if __name__ == "__main__":
    server.serve("tests.server.fake_server:app", server.bind("127.0.0.1", PORT))
