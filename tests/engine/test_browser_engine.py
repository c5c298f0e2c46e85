"""The engine of the browser is built from these sources, and its golden files are true."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from mav_engine.backends.inference import config_fields
from mav_engine.config import ROOT
from tests.goldens.engine_goldens import FOLDER, expected, model_folders, rope_cases

FRONTEND = ROOT / "frontend"
BUILD = runpy.run_path(str(FRONTEND / "scripts" / "build-engine.py"))
ENGINE: Path = BUILD["ENGINE"]


def test_it_was_built_from_these_sources() -> None:
    assert BUILD["built_digest"](ENGINE.read_bytes()) == BUILD["source_digest"](), (
        "engine.wasm was built from other sources: make engine"
    )


def test_its_sources_are_all_that_it_includes() -> None:
    names = {path.name for path in BUILD["sources"]()}
    assert {"engine.c", "llama_pass.h", "gpt2_pass.h", "panels.h", "vectors.h"} <= names
    assert "llama.c" not in names


def test_a_build_gives_the_same_bytes() -> None:
    try:
        built: bytes = BUILD["build"]()
    except FileNotFoundError as error:
        pytest.skip(f"{error}. make test-engine installs them")
    assert built == ENGINE.read_bytes(), "make engine gives another file"


@pytest.mark.parametrize("name", model_folders())
def test_golden_files_are_what_the_python_engine_computes(name: str) -> None:
    written = load_file(FOLDER / f"{name}.expected.safetensors")
    made = expected(model_folders()[name])
    assert set(made) == set(written)
    for tensor, values in made.items():
        largest = float(np.abs(values).max())
        np.testing.assert_allclose(written[tensor], values, rtol=0, atol=2e-5 * largest)


def test_golden_frequencies_are_what_the_python_engine_computes() -> None:
    written = json.loads((FOLDER / "rope.json").read_text(encoding="utf-8"))
    for one, other in zip(written, rope_cases(), strict=True):
        assert one["config"] == other["config"]
        np.testing.assert_allclose(one["speeds"], other["speeds"], rtol=2.5e-7)
        assert one["scaling"] == pytest.approx(other["scaling"])


def test_both_engines_support_the_same_fields() -> None:
    fields = (FRONTEND / "local/model/config-fields.ts").read_text(encoding="utf-8")
    assert _names(_between(fields, "CHANGES_NOTHING", "]);")) == config_fields._CHANGES_NOTHING
    must_be = _between(fields, "MUST_BE", "};")
    assert set(re.findall(r"^  (\w+):", must_be, re.MULTILINE)) == set(config_fields._MUST_BE)
    rope = (FRONTEND / "local/model/rope.ts").read_text(encoding="utf-8")
    kinds = _between(rope, "ROPE_FIELDS", "};").replace(
        "ORIGINAL", '"original_max_position_embeddings"'
    )
    parts = re.split(r"^  (\w+):", kinds, flags=re.MULTILINE)[1:]
    found = {kind: _names(names) for kind, names in zip(parts[::2], parts[1::2], strict=True)}
    assert found == {kind: set(names) for kind, names in config_fields._ROPE_FIELDS.items()}


def _between(text: str, begin: str, end: str) -> str:
    return text.split(f"export const {begin}", 1)[1].split(end, 1)[0]


def _names(text: str) -> set[str]:
    return set(re.findall(r'"([^"]+)"', text))
