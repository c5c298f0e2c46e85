"""The rules of the house: which way imports point and what stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = sorted(
    path
    for folder in ("api", "mav_engine", "training", "bench")
    for path in ROOT.glob(f"{folder}/**/*.py")
)

ROOMS = [
    {"addresses", "idle_threads", "wording", "characters", "defaults"},
    {"errors", "faults", "plugins"},
    {"api_keys"},
    {"parsing"},
    {"breakpoints"},
    {"settings"},
    {"contract"},
    {"generation", "text"},
    {"probes"},
    {"models"},
    {"backends"},
    {"config", "running"},
    {"compare", "results"},
    {"client"},
    {"training"},
    {"terminal"},
    {"compat", "explore"},
    {"server"},
    {"mcp_server"},
    {"commands"},
    {"cli"},
]
"""Rooms of mav_engine from the ground up: a room imports from those before it and its own."""
LEVEL = {name: level for level, names in enumerate(ROOMS) for name in names}


def modules_in(path: Path) -> Iterator[tuple[str, bool]]:
    """The modules that a file imports, and whether it does so when it is itself imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    within: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _is_type_checking(node):
            within |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        at_import = id(node) not in within
        if isinstance(node, ast.Import):
            yield from ((alias.name, at_import) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, at_import


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[0] != "mav_engine" or parts[1] in ("__init__", "__main__"):
        return
    own = parts[1]
    assert own in LEVEL, f"say in tests/test_house.py on which floor mav_engine.{own} lives"
    for module, at_import in modules_in(path):
        assert module.split(".")[0] != "api", f"{own} imports the serverless entry"
        if module.startswith("mav_engine.server") and own != "server":
            assert path.stem == "serve", f"{own} imports {module}: the engine knows nothing of HTTP"
        if at_import and module.startswith("mav_engine."):
            assert LEVEL[room(module)] <= LEVEL[own], f"{own} imports {module}"


@pytest.mark.parametrize(
    "entry",
    [
        "import api.index",
        "import mav_engine",
        "from mav_engine.models.catalog import Catalog; Catalog().find('mav-tiny').describe()",
        "import sys; sys.argv = ['mav', '--help']; import mav_engine.cli; mav_engine.cli.main()",
        "import mav_engine.cli; mav_engine.cli.main(['explore', '--help'])",
        "import bench.__main__, training.__main__",
        "import contextlib; from mav_engine.backends import load_backend\n"
        "with contextlib.suppress(Exception): load_backend('mav-tiny', device='tpu9')",
        "import mav_engine.backends.inference.batch_decoder",
        "import mav_engine.generation.sampler",
    ],
)
def test_what_must_be_light_imports_nothing_heavy(entry: str) -> None:
    tell = (
        "import atexit, sys; atexit.register(lambda: print('HEAVY', [name for name in "
        "('torch', 'transformers', 'matplotlib', 'httpx2') if name in sys.modules]))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", tell + entry], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ended.stdout.splitlines()[-1] == "HEAVY []"


@pytest.mark.parametrize(
    "path",
    [
        *CODE,
        *(each for each in sorted(ROOT.glob("tests/**/*.py")) if "node_modules" not in each.parts),
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_text_files_name_their_encoding(path: Path) -> None:
    # The default encoding depends on the locale.
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        # read_text with an argument reads a package's metadata or names its encoding.
        if node.func.attr == "write_text" or (node.func.attr == "read_text" and not node.args):
            assert any(each.arg == "encoding" for each in node.keywords), f"line {node.lineno}"


@cache
def imported_by(path: Path) -> frozenset[str]:
    """The modules that a file imports, in functions and for type checking too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            found |= {name if name in MODULES else node.module for name in names}
    return frozenset(found & MODULES)


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in CODE}


@pytest.mark.parametrize("depth", [2, 3, 4, 5, 9], ids=lambda depth: f"to depth {depth}")
def test_no_two_modules_import_each_other(depth: int) -> None:
    """Folders of that depth count as one module, so that no two folders do either."""
    graph: dict[str, set[str]] = {}
    for path in CODE:
        own, *others = (
            ".".join(module.split(".")[:depth]) for module in (module_of(path), *imported_by(path))
        )
        graph.setdefault(own, set()).update(set(others) - {own})
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))
