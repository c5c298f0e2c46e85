"""A server with fake models: in this process for what is said, a real one for how."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mav_engine.backends.fake import FakeBackend
from mav_engine.config import ServerConfig
from mav_engine.models.catalog import Catalog
from mav_engine.server.app import create_app
from mav_engine.server.runs.model_cache import Load
from tests.server.servers import LOCAL, Gate, Models, RealServer

MakeClient = Callable[..., TestClient]
MakeServer = Callable[..., RealServer]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Two models by name: fake, which is the default, and other."""
    for name in ("fake", "other"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "config.json").write_text(
            '{"vocab_size": 257}', encoding="utf-8"
        )
    return Catalog(models_dir=tmp_path / "models", default="fake")


@pytest.fixture
def make_client(catalog: Catalog) -> Iterator[MakeClient]:
    """A client of an application in this process; keyword arguments are settings of the server."""
    clients: list[TestClient] = []

    def make(
        load: Load | None = None, *, offered: Catalog = catalog, **config: object
    ) -> TestClient:
        app = create_app(ServerConfig(**config), offered, load or Models())
        client = TestClient(app, base_url=LOCAL, raise_server_exceptions=False)
        client.__enter__()
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.__exit__()


@pytest.fixture
def client(make_client: MakeClient) -> TestClient:
    return make_client()


@pytest.fixture
def make_server(catalog: Catalog) -> Iterator[MakeServer]:
    """A real server on a free port; keyword arguments are settings of the server."""
    servers: list[RealServer] = []

    def make(load: Models | None = None, **config: object) -> RealServer:
        server = RealServer(create_app(ServerConfig(**config), catalog, load or Models()))
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Holds the steps of fake models back; opened when the test ends."""
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()
