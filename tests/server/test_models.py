"""What a client learns of models, and that each is loaded once and let go when it should."""

from __future__ import annotations

import json
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mav_engine import __version__
from mav_engine.errors import ModelLoadFailed
from mav_engine.models import embedded_models
from mav_engine.models.catalog import Catalog, CatalogEntry
from mav_engine.models.precision import Precision
from mav_engine.server.runs.model_cache import ModelCache
from tests.server.conftest import MakeClient
from tests.server.servers import PATIENCE_S, Gate, Models, read_events, until

PRECISE: tuple[Precision, Precision] = ("float32", "bfloat16")
FAKE, OTHER, THIRD = (CatalogEntry(name, f"/{name}") for name in ("fake", "other", "third"))


def cache_of(models: Models, budget: int = 2000) -> ModelCache:
    return ModelCache(models, budget=budget, device="auto", dtype="auto")


def names(cache: ModelCache) -> set[str]:
    return {info.name for info in cache.loaded().values()}


def load(cache: ModelCache, entry: CatalogEntry) -> None:
    lease = cache.lease(entry)
    lease.loading.result(PATIENCE_S)
    lease.release()


def test_models_are_listed_with_live_facts_of_those_in_memory(client: TestClient) -> None:
    listed = client.get("/api/models").json()
    assert listed["default"] == "fake"
    by_name = {model["name"]: model for model in listed["models"]}
    assert {"fake", "other", "mav-tiny"} <= set(by_name)
    assert by_name["fake"]["loaded"] is False
    assert by_name["fake"]["vocabulary"] == 257
    assert by_name["fake"]["layers"] is None
    read_events(client.post("/api/run", json={"prompt": "a", "max_new_tokens": 1}))
    by_name = {model["name"]: model for model in client.get("/api/models").json()["models"]}
    assert by_name["fake"]["loaded"] is True
    assert by_name["fake"]["layers"] == 3
    assert by_name["other"]["loaded"] is False


def test_health_lists_the_loaded_models(client: TestClient) -> None:
    health = client.get("/api/health").json()
    assert health == {
        "status": "ok",
        "version": __version__,
        "models_loaded": [],
        "runs_active": 0,
        "runs_waiting": 0,
    }
    client.post("/api/tokenize", json={"text": "a"})
    assert client.get("/api/health").json()["models_loaded"] == ["fake"]


def test_tokenize_gives_ids_and_exact_text(client: TestClient) -> None:
    tokenized = client.post("/api/tokenize", json={"model": "other", "text": "a b"}).json()
    assert tokenized["model"] == "other"
    assert tokenized["count"] == 3
    assert [token["id"] for token in tokenized["tokens"]] == [97, 32, 98]
    assert "".join(token["text"] for token in tokenized["tokens"]) == "a b"


def test_a_model_dropped_into_the_folder_can_be_run(client: TestClient, tmp_path: Path) -> None:
    settings = {"prompt": "a", "model": "new", "max_new_tokens": 1}
    assert client.post("/api/run", json=settings).status_code == 404
    (tmp_path / "models" / "new").mkdir()
    (tmp_path / "models" / "new" / "config.json").write_text("{}", encoding="utf-8")
    assert read_events(client.post("/api/run", json=settings))[-1]["type"] == "done"


def test_a_model_is_loaded_once_for_many_requests() -> None:
    hold = threading.Event()
    models = Models(on_load=lambda _: hold.wait(PATIENCE_S) and None)
    cache = cache_of(models)
    with ThreadPoolExecutor(8) as pool:
        leases = list(pool.map(cache.lease, [FAKE] * 8))
    assert names(cache) == set()
    hold.set()
    assert len({id(lease.loading.result(PATIENCE_S)) for lease in leases}) == 1
    assert models.loads == ["fake"]


def test_a_folder_is_loaded_once_under_all_its_names(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "link").symlink_to(folder)
    catalog = Catalog(models_dir=tmp_path, any_model=True)
    models = Models()
    cache = cache_of(models)
    for name in (
        "x",
        f"{folder}",
        f"{folder}/../x/",
        f"{tmp_path}//./x",
        f"{tmp_path}/link",
        "link",
    ):
        entry = catalog.find(name)
        load(cache, entry)
        info = cache.info(entry)
        assert info is not None
        assert info.name == name
    assert models.loads == ["x"]


def test_float32_and_auto_are_one_model_where_they_are_equal() -> None:
    models = Models()
    cache = cache_of(models)
    exact, coarse = (CatalogEntry(f"fake@{each}", "/fake", each) for each in PRECISE)
    load(cache, FAKE)
    load(cache, exact)
    assert cache.key(FAKE) == cache.key(exact)
    assert models.loads == ["fake"]
    load(cache, coarse)
    assert models.loads == ["fake", "fake@bfloat16"]


def test_a_client_that_gives_up_waiting_does_not_affect_the_others() -> None:
    hold = threading.Event()
    cache = cache_of(Models(on_load=lambda _: hold.wait(PATIENCE_S) and None))
    impatient, patient = cache.lease(FAKE), cache.lease(FAKE)
    assert not impatient.loading.cancel()
    impatient.release()
    hold.set()
    assert patient.loading.result(PATIENCE_S).info.name == "fake"


def test_a_failed_load_is_reported_to_all_waiting_requests_and_not_kept() -> None:
    hold = threading.Event()
    broken = [True]

    def on_load(_: str) -> None:
        hold.wait(PATIENCE_S)
        if broken.pop() if broken else False:
            raise OSError("disk")

    models = Models(on_load=on_load)
    cache = cache_of(models)
    leases = [cache.lease(FAKE), cache.lease(FAKE)]
    hold.set()
    for lease in leases:
        with pytest.raises(ModelLoadFailed, match="OSError"):
            lease.loading.result(PATIENCE_S)
        lease.release()
    assert cache.lease(FAKE).loading.result(PATIENCE_S).info.name == "fake"
    assert models.loads == ["fake", "fake"]


def test_the_least_recently_used_model_goes_when_the_budget_is_passed() -> None:
    models = Models(memory_bytes=1000)
    cache = cache_of(models, budget=2000)
    load(cache, FAKE)
    load(cache, OTHER)
    load(cache, FAKE)
    assert names(cache) == {"fake", "other"}
    load(cache, THIRD)
    until(lambda: names(cache) == {"fake", "third"})
    assert [backend.closed for backend in models.backends] == [False, True, False]


def test_a_model_in_use_never_goes() -> None:
    cache = cache_of(Models(memory_bytes=1000), budget=1000)
    held = cache.lease(FAKE)
    held.loading.result(PATIENCE_S)
    load(cache, OTHER)
    assert names(cache) == {"fake", "other"}
    held.release()
    held.release()
    assert names(cache) == {"other"}


def test_a_model_larger_than_the_budget_stays_until_another_is_requested() -> None:
    cache = cache_of(Models(memory_bytes=5000), budget=1000)
    load(cache, FAKE)
    assert names(cache) == {"fake"}
    load(cache, OTHER)
    until(lambda: names(cache) == {"other"})


def test_the_default_model_is_loaded_at_the_start_if_configured(
    make_client: MakeClient,
) -> None:
    client = make_client(prewarm=True)
    until(lambda: client.get("/api/health").json()["models_loaded"] == ["fake"])


def test_a_model_stays_loaded_until_its_run_has_ended(make_client: MakeClient) -> None:
    gate = Gate()
    gate.open()
    models = Models(on_step=gate, memory_bytes=1000)
    client = make_client(models, cache_bytes=1000)
    for model in ("fake", "other"):
        settings = {"prompt": "a", "model": model, "max_new_tokens": 2}
        assert read_events(client.post("/api/run", json=settings))[-1]["type"] == "done"
    until(lambda: client.get("/api/health").json()["models_loaded"] == ["other"])
    assert models.backends[0].closed


@pytest.mark.parametrize("broken", ["{" * 3, '{"a": ' + "[" * 200_000, '{"num_hidden_layers": -1}'])
def test_a_broken_model_is_listed_with_the_reason_and_the_others_stay(
    client: TestClient, tmp_path: Path, broken: str
) -> None:
    config = tmp_path / "models" / "other" / "config.json"
    config.write_text(broken, encoding="utf-8")
    (tmp_path / "models" / "pipe").mkdir()
    os.mkfifo(tmp_path / "models" / "pipe" / "config.json")
    listed = client.get("/api/models").json()
    assert {"fake", "other", "pipe", "mav-tiny"} == {model["name"] for model in listed["models"]}
    assert "config.json" in listed["problems"]["other"]
    assert "not a regular file" in listed["problems"]["pipe"]
    assert "mav-tiny" not in listed["problems"]


def test_without_torch_a_model_that_needs_it_is_listed_with_what_to_install(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "models" / "bloom"
    shutil.copytree(embedded_models()["mav-tiny"], folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(
        json.dumps(config | {"model_type": "bloom"}), encoding="utf-8"
    )
    assert "bloom" not in client.get("/api/models").json()["problems"]
    monkeypatch.setattr("mav_engine.backends.load.find_spec", lambda _: None)
    problems = client.get("/api/models").json()["problems"]
    assert problems["bloom"] == (
        "bloom cannot be run without torch and transformers, which are not installed (models of "
        "the type bloom are not built like Llama or GPT-2): pip install 'mav-engine[torch]'"
    )
    assert "mav-tiny" not in problems
