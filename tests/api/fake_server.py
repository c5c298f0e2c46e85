"""A server of a fake model in a process of its own, started as `mav serve` starts one."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from api import server
from api.app import create_app
from api.operator_settings import OperatorSettings
from mav_engine.catalog import Catalog
from tests.api.servers import Models

folder = Path(tempfile.gettempdir()) / "mav-fake-models"
(folder / "fake").mkdir(parents=True, exist_ok=True)
(folder / "fake" / "config.json").write_text("{}")
app = create_app(
    OperatorSettings(),
    Catalog(models_dir=folder, default="fake"),
    Models(on_step=lambda: time.sleep(0.005)),
)

if __name__ == "__main__":
    server.serve("tests.api.fake_server:app", server.bind("127.0.0.1", 0))
