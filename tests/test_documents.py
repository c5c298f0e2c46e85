"""Documents say what the code does: generated figures, links, names of files, tables of names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from bench.documents import DOCUMENTS, EXAMPLE, MARKED, PARTS, generated, settings_example
from mav_engine.cli import app
from mav_engine.config import ServerConfig, read_environment
from mav_engine.probes.registry import BUILT_IN as PROBES
from mav_engine.probes.registry import probe
from mav_engine.server.openapi import document
from mav_engine.terminal.registry import BUILT_IN as TERMINAL_PANELS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.glob("*.md") if path.name != "README.md")
LINKED = [*DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "frontend/README.md"]
CODE_BLOCK = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)
MEASURED = re.compile(r"\d (?:tokens/s|tokens a second|times the tokens)|\d\.\d+ (?:s|ms|times)\b")
"""Words that stand behind a measured figure, and hardly behind a limit or a default."""


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_generated_parts_are_fresh(path: Path) -> None:
    text = text_of(path)
    assert text == generated(text), "run `python -m bench.documents`"


def test_the_example_of_an_environment_lists_every_setting() -> None:
    assert text_of(EXAMPLE) == settings_example(), "run `python -m bench.documents`"
    listed = [line.removeprefix("#") for line in text_of(EXAMPLE).splitlines() if "=" in line]
    settings = dict(line.split("=", 1) for line in listed if line.startswith("MAV_"))
    assert settings.keys() == {f"MAV_{name.upper()}" for name in ServerConfig.model_fields}
    assert read_environment(settings) == ServerConfig()


def test_every_generated_part_is_in_a_document() -> None:
    used = {name for path in DOCUMENTS for _, name, _ in MARKED.findall(text_of(path))}
    assert used == set(PARTS)


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_measured_figures_are_generated(path: Path) -> None:
    by_hand = CODE_BLOCK.sub("", MARKED.sub("", text_of(path)))
    found = [line for line in by_hand.splitlines() if MEASURED.search(line)]
    assert found == []


def test_the_index_lists_every_page_with_its_question() -> None:
    rows = re.findall(r"^\| (.+\?) \| \[(.+)\]\(\2\) \|$", text_of(DOCS / "README.md"), re.M)
    assert sorted(page for _, page in rows) == [path.name for path in PAGES]
    for question, page in rows:
        beginning = text_of(DOCS / page).split("\n\n", 2)[:2]
        assert beginning[0].startswith("# ")
        assert beginning[1] == f"_{question}_", page


def links(path: Path) -> Iterator[str]:
    text = re.sub(r"`[^`\n]*`", "", CODE_BLOCK.sub("", text_of(path)))
    for target in re.findall(r"\]\(([^()\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", CODE_BLOCK.sub("", text_of(path)), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("path", LINKED, ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    for link in links(path):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("path", [ROOT / "README.md", DOCS / "architecture.md"], ids=named)
def test_files_that_are_named_are_there(path: Path) -> None:
    code = re.findall(r"`([^`\n]+)`", CODE_BLOCK.sub("", text_of(path)))
    tops = ("mav_engine/", "frontend/", "api/", "bench/", "training/", "tests/", "docs/")
    for name in code:
        if name.startswith(tops) and re.fullmatch(r"[\w./-]+", name):
            assert (ROOT / name).exists() or name.startswith("frontend/out"), name
        elif re.fullmatch(r"[\w-]+(/[\w-]+)*\.(py|c|ts|tsx)", name):
            assert (
                (ROOT / name).exists()
                or any(ROOT.glob(f"mav_engine/**/{name}"))
                or any(
                    found
                    for folder in ("app", "components", "features", "lib", "local", "panels", "e2e")
                    for found in ROOT.glob(f"frontend/{folder}/**/{name}")
                )
            ), name


def table(page: str, column: int = 0) -> list[str]:
    """The code in a column of the tables of a page."""
    rows = [line for line in text_of(DOCS / page).splitlines() if line.startswith("| `")]
    return [re.split(r"(?<!\\)\|", row)[1 + column].strip() for row in rows]


def test_terms_have_the_anchor_that_the_site_gives_them() -> None:
    path = ROOT / "frontend/lib/glossary/terms.en.json"
    ids = [term["id"] for term in json.loads(text_of(path))]
    assert len(set(ids)) == len(ids)
    assert set(ids) <= anchors(DOCS / "glossary.md")


def test_every_probe_is_documented() -> None:
    rows = dict(zip(table("probes.md"), table("probes.md", 2), strict=True))
    assert set(rows) >= {f"`{name}`" for name in PROBES}
    for name in PROBES:
        shapes = re.findall(r"\[[\w +]+\]", probe(name).shape)
        assert all(shape in rows[f"`{name}`"] for shape in shapes[-1:]), name


def test_every_terminal_panel_is_documented() -> None:
    assert {name.strip("`") for name in table("terminal.md")} >= set(TERMINAL_PANELS)


def test_every_operation_is_documented() -> None:
    documented = {
        (method, path)
        for cell in table("api.md")
        for methods, path in re.findall(r"`([A-Z]+)(?:`, `POST)? (/api[^`]*)`", cell)
        for method in (methods, *(["POST"] if "`, `POST" in cell else []))
    }
    served = {
        (method.upper(), path)
        for path, operations in document(ServerConfig())["paths"].items()
        for method in operations
        if method in ("get", "post")
    }
    assert documented >= served


def test_every_option_of_the_server_is_documented() -> None:
    command = typer.main.get_command(app)
    serve = command.commands["serve"]  # type: ignore[attr-defined]
    options = {option for each in serve.params for option in each.opts if option != "--help"}
    page = text_of(DOCS / "configuration.md")
    assert {option for option in options if f"| `{option}" not in page} == set()
