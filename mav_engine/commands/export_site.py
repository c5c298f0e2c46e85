"""`mav export-site`: the site as static files, with models that run in the browser."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from mav_engine.commands.exit_status import fail
from mav_engine.wording import shortened

_LIST = Path("models", "index.json")
_COPIES = (".br", ".gz")
"""Compressed copies, which only MAV's own server sends."""
_NO_JEKYLL = ".nojekyll"
"""GitHub Pages leaves out folders such as `_next` without this file."""


def export_site(
    folder: Annotated[Path, typer.Argument(help="The folder to write; it must be new or empty.")],
) -> None:
    """Write the site as static files for any host. Its models run in the visitor's browser.

    Example:  mav export-site public
    """
    import os

    from mav_engine.config import read_environment

    site = read_environment(os.environ).site_dir
    if not (site / _LIST).is_file():
        fail(f"The site is not built: {site} has no {_LIST}. Build it with `make run`.")
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        fail(f"{shortened(str(folder))} is not an empty folder; give a new one, or empty it.")
    try:
        _write(site, folder)
    except OSError as error:
        fail(f"{shortened(str(folder))} cannot be written: {error.strerror or error}.")
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    typer.echo(f"{folder}: {size / 1e6:.1f} MB. Any static host can serve it, under any path.")
    typer.echo(f"Try it:  python -m http.server --directory {folder}")


def _write(site: Path, folder: Path) -> None:
    """Write the whole site, or nothing."""
    from mav_engine.models import embedded_models

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".mav-site-") as temporary:
        written = Path(temporary, "site")
        shutil.copytree(site, written, ignore=shutil.ignore_patterns(*_compressed_copies(site)))
        listed = json.loads((site / _LIST).read_text("utf-8"))
        embedded = embedded_models()
        for model in listed["stored"].values():
            # An installed package has the files of its models once, outside of the site.
            for name in model["files"]:
                target = written / model["path"] / name
                if not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(embedded[target.parent.name] / name, target)
        (written / _NO_JEKYLL).touch()
        _name_model(written / "index.html", listed["default"])
        written.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        written.rename(folder)


def _name_model(page: Path, model: str) -> None:
    """Tell the page that there is no server, by naming the model that runs instead."""
    html = page.read_text("utf-8")
    named = html.replace("<html ", f'<html data-model="{model}" ', 1)
    page.write_text(named, encoding="utf-8")


def _compressed_copies(site: Path) -> list[str]:
    """The names of the compressed copies; a file that only ends like one is not among them."""
    return [
        file.name
        for file in site.rglob("*")
        if file.suffix in _COPIES and file.with_suffix("").exists()
    ]
