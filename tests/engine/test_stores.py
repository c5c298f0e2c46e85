"""The models that Ollama, LM Studio, llama.cpp and the hub's cache keep on a machine."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from mav_engine.backends import load_backend
from mav_engine.errors import InvalidSettings, ModelNotFound, UnknownModel, UnusableModel
from mav_engine.models.catalog import Catalog
from mav_engine.models.stores import ollama_file, stored_models
from tests.engine.gguf_files import write_model
from tests.engine.runs import alone, tokens_of
from tests.engine.test_gguf import LLAMA, make_model
from tests.mav_command import mav


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("gguf") / "m.gguf", make_model("llama", LLAMA))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without models."""
    for name in ("OLLAMA_MODELS", "LLAMA_CACHE", "HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def pull(models: Path, name: str, source: Path | None, **layer: Any) -> Path:
    """What `ollama pull` leaves: a description, and a file that is named by its digest."""
    content = b"" if source is None else source.read_bytes()
    digest = hashlib.sha256(content + name.encode()).hexdigest()
    blob = models / "blobs" / f"sha256-{digest}"
    blob.parent.mkdir(parents=True, exist_ok=True)
    if source is not None:
        shutil.copy(source, blob)
    manifest = models / "manifests" / name
    manifest.parent.mkdir(parents=True, exist_ok=True)
    weights = {
        "mediaType": "application/vnd.ollama.image.model",
        "digest": f"sha256:{digest}",
        "size": len(content),
        **layer,
    }
    template = {"mediaType": "application/vnd.ollama.image.template", "digest": "sha256:0"}
    manifest.write_text(json.dumps({"layers": [template, weights]}), encoding="utf-8")
    return blob


def test_models_of_ollama_have_its_names(home: Path, model: Path) -> None:
    models = home / ".ollama" / "models"
    blob = pull(models, "registry.ollama.ai/library/story/1b", model)
    latest = pull(models, "registry.ollama.ai/library/story/latest", model)
    pull(models, "registry.ollama.ai/someone/tale/q4", model)
    pull(models, "hf.co/owner/repo-GGUF/Q8_0", model)
    names = [each.name for each in stored_models()]
    assert names == [
        "ollama:hf.co/owner/repo-GGUF:Q8_0", "ollama:someone/tale:q4", "ollama:story:1b",
        "ollama:story:latest",
    ]  # fmt: skip
    assert ollama_file("ollama:story:1b") == blob
    assert ollama_file("ollama:story") == latest
    for name in names:
        assert ollama_file(name).is_file()
    backend = load_backend("ollama:story:1b")
    assert backend.info.name == "ollama:story:1b"
    assert len(tokens_of(alone(backend, prompt="Once", max_new_tokens=2))) == 2


def test_the_folder_of_ollama_may_be_elsewhere(
    home: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = home / "elsewhere"
    pull(elsewhere, "registry.ollama.ai/library/story/latest", model)
    with pytest.raises(ModelNotFound, match=r"no 'ollama:story' in .*\.ollama/models"):
        ollama_file("ollama:story")
    monkeypatch.setenv("OLLAMA_MODELS", str(elsewhere))
    assert ollama_file("ollama:story").is_file()


@pytest.mark.parametrize(
    "name",
    [
        "ollama:", "ollama:..", "ollama:../../x:y", "ollama:story:../x", "ollama:/etc/passwd",
        "ollama:a/b/c/d:e", "ollama:a//b", "ollama:stori", "ollama:story:2b", "ollama:a\0b",
    ],
)  # fmt: skip
def test_other_names_lead_nowhere(name: str, home: Path, model: Path) -> None:
    pull(home / ".ollama" / "models", "registry.ollama.ai/library/story/1b", model)
    (home / ".ollama" / "x").mkdir()
    (home / ".ollama" / "x" / "y").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelNotFound, match="ollama:story:1b"):
        ollama_file(name)
    with pytest.raises((ModelNotFound, UnknownModel)):
        load_backend(Catalog(any_model=True).find(name).source)


@pytest.mark.parametrize(
    "layer",
    [
        {"digest": "sha256:../../../etc/passwd"}, {"digest": 7}, {"digest": "sha256:" + "a" * 63},
        {"mediaType": "application/vnd.ollama.image.adapter"},
    ],
)  # fmt: skip
def test_broken_descriptions_are_refused(layer: dict[str, Any], home: Path, model: Path) -> None:
    pull(home / ".ollama" / "models", "registry.ollama.ai/library/story/latest", model, **layer)
    assert stored_models() == []
    with pytest.raises(UnusableModel, match="has no file of weights"):
        load_backend("ollama:story")
    manifest = home / ".ollama/models/manifests/registry.ollama.ai/library/story/latest"
    for content in ("[", '{"layers": [7]}', '{"layers": 7}', "[]"):
        manifest.write_text(content, encoding="utf-8")
        assert stored_models() == []
        with pytest.raises(UnusableModel):
            load_backend("ollama:story")


def test_a_server_can_offer_a_model_of_ollama(home: Path, model: Path) -> None:
    pull(home / ".ollama" / "models", "registry.ollama.ai/library/story/1b", model)
    catalog = Catalog(["ollama:story:1b", "ollama:story:1b@int8-dynamic"])
    assert catalog.find("ollama:story:1b").describe().layers == 2
    assert catalog.find("ollama:story:1b@int8-dynamic").precision == "int8-dynamic"
    with pytest.raises(InvalidSettings, match="Did you mean ollama:story:1b"):
        Catalog(["ollama:story:2b"])


def test_files_of_other_programs_are_listed(
    home: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {
        ".lmstudio/models/owner/repo/a.gguf": "LM Studio",
        ".cache/lm-studio/models/owner/repo/b.gguf": "LM Studio",
        ".cache/llama.cpp/c.gguf": "llama.cpp's cache",
        ".cache/huggingface/hub/models--o--r/snapshots/1/d.gguf": "hub's cache",
    }
    left_out = (
        ".lmstudio/models/owner/repo/mmproj-model-f16.gguf",
        ".cache/llama.cpp/large-00002-of-00003.gguf",
    )
    for place in (*places, *left_out):
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        os.link(model, home / place)
    monkeypatch.setattr("sys.platform", "linux")
    found = {str(each.path.relative_to(home)): each.where for each in stored_models()}
    assert found == places
    monkeypatch.setenv("LLAMA_CACHE", str(home / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(home / "cache"))
    assert {each.where for each in stored_models()} == {"LM Studio"}


def test_the_command_lists_them_with_their_sizes_and_what_is_wrong(home: Path, model: Path) -> None:
    models = home / ".ollama" / "models"
    pull(models, "registry.ollama.ai/library/story/1b", model)
    pull(models, "registry.ollama.ai/library/broken/1b", None)  # its file is missing
    cut = home / ".cache" / "llama.cpp" / "cut.gguf"
    cut.parent.mkdir(parents=True)
    cut.write_bytes(model.read_bytes()[:-1])
    hub = home / ".cache/huggingface/hub/models--owner--repo/snapshots/1"
    hub.mkdir(parents=True)
    (hub.parent.parent / "refs").mkdir()
    (hub.parent.parent / "refs" / "main").write_text("1", encoding="utf-8")
    shutil.copy(model, hub / "d.gguf")
    ended = mav("models", HOME=str(home))
    assert ended.returncode == 0, ended.stderr
    listed = {each["name"]: each for each in map(json.loads, ended.stdout.splitlines())}
    story = listed["ollama:story:1b"]
    assert (story["where"], story["complete"], story["problem"]) == ("Ollama", True, None)
    assert (story["bytes"], story["layers"]) == (model.stat().st_size, 2)
    assert "are missing" in listed["ollama:broken:1b"]["problem"]
    assert "cut off" in listed[str(cut)]["problem"]
    assert listed[str(cut)]["complete"] is False
    assert listed[str(hub / "d.gguf")]["where"] == "hub's cache"
    assert "owner/repo" not in listed
    ended = mav("--model", "ollama:story:1b", "--max-new-tokens", "2", "--json", HOME=str(home))
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.splitlines()[0])["model"]["name"] == "ollama:story:1b"
