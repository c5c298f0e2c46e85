"""`mav export-site` in a process of its own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from mav_engine.models import EMBEDDED_DIR
from tests.terminal.offline import mav

FILES = {"config.json", "model.safetensors", "tokenizer.json"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built site, without the weights, which an installed package has elsewhere."""
    site = tmp_path / "site"
    model = {"path": "models/mav-tiny/", "files": {name: {} for name in FILES}}
    for name, text in {
        "index.html": '<html lang="en">',
        "_next/static/a.js": "let a",
        "_next/static/a.js.br": "small",
        "recordings/b.jsonl.gz": "packed",
        "models/index.json": json.dumps(
            {"default": "browser:mav-tiny", "stored": {"browser:mav-tiny": model}}
        ),
    }.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("MAV_SITE_DIR", str(site))
    return site


@pytest.mark.usefixtures("site")
def test_the_site_is_written_with_its_models_and_without_copies(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "public"
    ended = mav("export-site", str(folder))
    assert (ended.returncode, ended.stderr) == (0, "")
    written = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
    models = {f"models/mav-tiny/{name}" for name in FILES}
    assert written == {
        ".nojekyll", "index.html", "_next/static/a.js", "recordings/b.jsonl.gz",
        "models/index.json", *models,
    }  # fmt: skip
    page = (folder / "index.html").read_text("utf-8")
    assert page == '<html data-model="browser:mav-tiny" lang="en">'
    weights = (folder / "models" / "mav-tiny" / "model.safetensors").read_bytes()
    own = (EMBEDDED_DIR / "mav-tiny" / "model.safetensors").read_bytes()
    assert hashlib.sha256(weights).digest() == hashlib.sha256(own).digest()
    assert [each.name for each in folder.parent.iterdir()] == ["public"]


def test_a_folder_with_files_is_left_alone(site: Path) -> None:
    ended = mav("export-site", str(site))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "is not an empty folder" in ended.stderr


def test_a_site_that_is_not_built_is_an_error(site: Path, tmp_path: Path) -> None:
    (site / "models" / "index.json").unlink()
    ended = mav("export-site", str(tmp_path / "public"))
    assert ended.returncode == 1
    assert "The site is not built" in ended.stderr
    assert not (tmp_path / "public").exists()
