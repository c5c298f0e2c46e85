"""A server of fake models in a process of its own, started as `mav serve` starts one.

`fake` takes 5 ms a token; `slow` never finishes loading.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path

from api import server
from api.app import create_app
from api.operator_settings import read_environment
from mav_engine.catalog import Catalog
from tests.api.servers import Models

folder = Path(tempfile.gettempdir()) / "mav-fake-models"
for name in ("fake", "slow"):
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "config.json").write_text("{}")


def load(name: str) -> None:
    if name == "slow":
        threading.Event().wait()


app = create_app(
    read_environment(os.environ),
    Catalog(models_dir=folder, default="fake"),
    Models(on_load=load, on_step=lambda: time.sleep(0.005)),
)

if __name__ == "__main__":
    server.serve("tests.api.fake_server:app", server.bind("127.0.0.1", 0))
