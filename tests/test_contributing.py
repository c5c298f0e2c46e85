"""The worked examples of CONTRIBUTING.md, applied to a copy of the repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from mav_engine.models import EMBEDDED_DIR

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "CONTRIBUTING.md"
COPIED = ("mav_engine", "api", "tests", "docs", "frontend", "pyproject.toml", "README.md")
LEFT_OUT = shutil.ignore_patterns(
    "node_modules", "out", ".next", "e2e", "test-results*", "__pycache__", "images"
)
LONGEST = 60
"""Lines of a page of code and text."""
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
PATH = re.compile(r"`((?:\w+/)[\w./-]+\.\w+)`")
EXAMPLES = ("probe", "panel", "sampling control", "model family")


def section(example: str) -> str:
    text = PAGE.read_text(encoding="utf-8")
    return text.partition(f"## Add a {example}\n")[2].partition("\n## ")[0]


def apply(example: str, root: Path) -> None:
    """Write the files and lines of an example; each block belongs to the path named before it."""
    text = section(example)
    for block in BLOCK.finditer(text):
        language, code = block[1], textwrap.dedent(block[2])
        if language == "sh":
            continue
        file = root / PATH.findall(text[: block.start()])[-1]
        if language == "diff":
            lines = code.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if line[0] != "+")
            after = "".join(line[1:] for line in lines)
            found = file.read_text(encoding="utf-8")
            assert found.count(before) == 1, (
                f"{file.relative_to(root)} has other lines than\n{code}"
            )
            file.write_text(found.replace(before, after), encoding="utf-8")
        else:
            assert not file.exists()
            file.parent.mkdir(exist_ok=True)
            file.write_text(code, encoding="utf-8")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with all examples applied and the contract generated."""
    copy = tmp_path_factory.mktemp("repository")
    for name in COPIED:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, copy / name, ignore=LEFT_OUT)
        else:
            shutil.copy(path, copy / name)
    modules = ROOT / "frontend/node_modules"
    if modules.exists():
        (copy / "frontend/node_modules").symlink_to(modules)
    for example in EXAMPLES:
        apply(example, copy)
    return copy


def python(repository: Path, *arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository), "PYTHONWARNINGS": "ignore"},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def command_of(example: str, word: str) -> list[str]:
    """The arguments of Python in a command of an example."""
    blocks = [
        textwrap.dedent(code) for kind, code in BLOCK.findall(section(example)) if kind == "sh"
    ]
    command = next(block for block in blocks if word in block)
    if command.startswith(".venv/bin/python -c '"):
        return ["-c", command.partition("'")[2].rpartition("'")[0]]
    return command.split()[1:]


def by_transformers() -> tuple[Any, Any]:
    """The embedded model and its tokenizer as transformers loads them.

    In this process, where other tests need torch too; no example changes the model.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = EMBEDDED_DIR / "mav-tiny"
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model, AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_is_at_most_a_page(example: str) -> None:
    prose = BLOCK.sub("", section(example))
    code = sum(code.count("\n") for _, code in BLOCK.findall(section(example)))
    assert len(re.findall(r"^\d\. ", prose, re.MULTILINE)) <= 6
    assert code <= LONGEST


def test_the_probe_measures_the_tensors_that_it_names(repository: Path) -> None:
    printed = python(repository, *command_of("probe", "turn"))
    cosines = [float(each) for each in re.findall(r"-?\d\.\d+", printed)]
    import torch

    model, tokenizer = by_transformers()
    kept: list[tuple[Any, Any]] = []
    for layer in model.model.layers:
        layer.register_forward_hook(lambda _, given, made: kept.append((given[0], made)))
    with torch.no_grad():
        model(input_ids=tokenizer("Once", return_tensors="pt")["input_ids"])
    outputs = [(given, made if torch.is_tensor(made) else made[0]) for given, made in kept]
    expected = [
        float(torch.cosine_similarity(given[0, -1], made[0, -1], dim=0)) for given, made in outputs
    ]
    assert cosines == pytest.approx(expected, abs=1e-4)


def test_the_control_draws_as_transformers_does_and_is_named(repository: Path) -> None:
    printed = python(
        repository,
        "-c",
        "import json\n"
        "from mav_engine import RunSettings, run\n"
        "settings = RunSettings(prompt='Once upon a time', max_new_tokens=6, temperature=1.0,\n"
        "    top_k=0, typical_p=0.4, seed=3, top_n=100)\n"
        "for event in run(settings):\n"
        "    if event.type == 'token':\n"
        "        print(json.dumps([event.distribution.kept, event.token.id,\n"
        "            [[row.id, row.cut_by, row.sampled_prob] for row in event.top]]))\n",
    )
    import torch
    from transformers import TypicalLogitsWarper

    model, tokenizer = by_transformers()
    read = tokenizer("Once upon a time")["input_ids"]
    lines = printed.splitlines()
    assert len(lines) == 6
    for line in lines:
        kept, written, rows = json.loads(line)
        with torch.no_grad():
            scores = model(torch.tensor([read])).logits[:, -1]
        left = TypicalLogitsWarper(0.4)(None, scores)[0]
        ids = (left > -torch.inf).nonzero()[:, 0].tolist()
        read.append(written)
        assert kept == len(ids)
        assert written in ids
        assert [row[0] for row in rows if row[1] is None] == [
            row[0] for row in rows if row[0] in ids
        ]
        assert {row[1] for row in rows} == {None, "typical_p"}


def test_the_model_family_is_measured_as_transformers_does(repository: Path) -> None:
    row = python(repository, *command_of("model family", "tests.sweep")).splitlines()[-1]
    assert row.startswith("| `ministral` | yes | yes | yes | yes | yes | yes |")


PANEL_TEST = """
import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import openapi from "@/lib/contract/openapi.json";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { settingFields } from "@/lib/settings/fields";
import { groupFields } from "@/lib/settings/groups";
import { PANELS } from "./registry";

test("the panel is listed and shows the surprise of the token", () => {
  const panel = PANELS.find(({ title }) => title === "Surprise");
  if (!panel) throw new Error("it is not listed");
  const run = recordedRun();
  const frame = run.frames[2];
  render(<panel.Component run={run} step={2} frame={frame} live select={() => {}} />);
  expect(screen.getByText((-(frame?.logprob ?? 0)).toFixed(2), { exact: false })).toBeVisible();
});

test("the control is among the fields of the form", () => {
  const { more } = groupFields(settingFields(openapi));
  const field = more.find(({ name }) => name === "typical_p");
  expect(field).toMatchObject({ kind: "number", initial: "1", exclusiveMinimum: 0, maximum: 1 });
  expect(field?.description).toContain("closest to the entropy");
});
"""


@pytest.mark.timeout(600)
def test_the_site_lists_the_panel_and_offers_the_control(repository: Path) -> None:
    site = repository / "frontend"
    if not (site / "node_modules").exists():
        pytest.skip("the site's packages are not installed: npm --prefix frontend ci")
    document = python(repository, "-m", "mav_engine.server.openapi")
    (site / "lib/contract/openapi.json").write_text(document, encoding="utf-8")
    (site / "panels/contributed.test.tsx").write_text(PANEL_TEST, encoding="utf-8")
    for command in (
        ["npm", "run", "--silent", "contract"],
        ["npx", "biome", "check", "panels/surprise", "lib/settings", "words", "panels/registry.ts"],
        [
            "npx",
            "vitest",
            "run",
            "panels/contributed.test.tsx",
            "words",
            "panels/registry.test.tsx",
        ],
    ):
        ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=site)
        assert ended.returncode == 0, ended.stdout + ended.stderr
