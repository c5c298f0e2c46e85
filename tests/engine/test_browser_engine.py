"""The engine of the browser: built from these sources, true golden files, and the bits of a build
for this machine."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from mav_engine.backends.inference import config_fields
from mav_engine.config import ROOT
from tests.compiled import COMPILERS
from tests.contract.typescript_reader import ESBUILD
from tests.engine.native_engine import NativeEngine, compile_engine
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


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """`engine.c` compiled for this machine, and the bundled script that runs engine.wasm."""
    compiler = next(filter(shutil.which, COMPILERS), None)
    if compiler is None:
        pytest.skip("there is no C compiler")
    if shutil.which("node") is None or not ESBUILD.exists():
        pytest.skip("Node and the packages of the site are not installed")
    folder = tmp_path_factory.mktemp("engine")
    library, script = folder / "engine.so", folder / "outputs.mjs"
    compile_engine(compiler, BUILD["SOURCE"], library)
    subprocess.run(
        [
            ESBUILD, Path(__file__).with_name("browser_engine.ts"), "--bundle", "--platform=node",
            "--format=esm", "--log-level=warning", f"--tsconfig={FRONTEND / 'tsconfig.json'}",
            f"--alias:@={FRONTEND}", f"--outfile={script}",
        ],
        check=True,
        cwd=FRONTEND,
    )  # fmt: skip
    return library, script


@pytest.mark.parametrize("name", model_folders())
def test_its_bits_are_those_of_a_build_for_this_machine(
    name: str, compiled: tuple[Path, Path], tmp_path: Path
) -> None:
    library, script = compiled
    folder = model_folders()[name]
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    vocabulary = config["vocab_size"]
    counts = [21, *[1] * 60, 64, *range(2, 8)] if name == "mav-tiny" else [13, 1, 1, 2, 5, 7, 1]
    ids = iter([place * 53 % vocabulary for place in range(sum(counts))])
    passes = [list(islice(ids, count)) for count in counts]
    ran = subprocess.run(
        ["node", script, ENGINE, folder, json.dumps(passes)], capture_output=True, check=True
    )
    written = np.frombuffer(ran.stdout, np.uint32)
    pairs = config.get("head_dim", 0) // 2
    rotary, written = np.split(written, [pairs + 1 if pairs else 0])
    speeds, scaling = rotary.view(np.float32)[:pairs], rotary.view(np.float32)[pairs:]
    own = Path(shutil.copy(library, tmp_path / "engine.so"))  # the state of a library is global
    engine = NativeEngine(own, folder, speeds, float(scaling[0]) if pairs else 1.0)
    made = np.concatenate([each.view(np.uint32) for each in engine.outputs(passes)])
    assert len(made) == len(written)
    assert int((made != written).sum()) == 0
