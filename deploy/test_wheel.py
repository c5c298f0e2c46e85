"""The source distribution and the wheel, built and installed where nothing else is.

`make test-wheel` runs this with the built site; needs Linux and a C compiler.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".venv-wheel" / "bin"
PYTHON = os.environ.get("WHEEL_PYTHON", sys.executable)
"""The Python that the wheel is installed into: any of 3.11 or newer."""
NATIVE = "mav_engine/backends/inference/kernels/native"
PATIENCE_S = 60.0
pytestmark = pytest.mark.timeout(900)


def done(*command: str | Path, **options: Any) -> str:
    ended = subprocess.run(
        [str(each) for each in command], capture_output=True, text=True, check=False, **options
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that is built from it."""
    out = tmp_path_factory.mktemp("dist")
    done(TOOLS / "python", "-m", "build", "--outdir", out, ROOT)
    return out


@pytest.fixture(scope="session")
def wheel(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel with the libraries that not every Linux has."""
    out = tmp_path_factory.mktemp("repaired")
    path = os.pathsep.join((str(TOOLS), os.environ["PATH"]))
    (raw,) = built.glob("*.whl")
    done(TOOLS / "auditwheel", "repair", "-w", out, raw, env={**os.environ, "PATH": path})
    (repaired,) = out.glob("*.whl")
    return repaired


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`bin` of an environment that has the wheel and what it requires."""
    home = tmp_path_factory.mktemp("installed")
    # Where the checkout is on the path, pip would find MAV installed.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done(PYTHON, "-m", "venv", home, cwd="/", env=environment)
    pip = (home / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-compile")
    done(*pip, "-c", ROOT / "requirements.txt", wheel, cwd="/", env=environment)
    return home / "bin"


@pytest.fixture(scope="session")
def alone(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which no program but those of the installation are found."""
    return {"PATH": str(installed), "HOME": str(tmp_path_factory.mktemp("home"))}


def tracked(folder: str) -> set[str]:
    return set(done("git", "ls-files", folder, cwd=ROOT).split())


def test_the_source_distribution_has_what_builds_need_and_nothing_else(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {each.name.partition("/")[2] for each in opened if each.isfile()}
    site = {name for name in names if name.startswith("frontend/out/")}
    made = {name for name in names if ".egg-info/" in name}
    assert "frontend/out/index.html" in site
    assert names - site - made - tracked("mav_engine") == {
        "CHANGELOG.md", "LICENSE", "MANIFEST.in", "PKG-INFO", "README.md", "pyproject.toml",
        "setup.cfg", "setup.py",
    }  # fmt: skip
    assert tracked("mav_engine") <= names


def test_the_wheel_serves_all_versions_of_python_and_brings_openmp(wheel: Path) -> None:
    version, python, abi, platform = wheel.stem.split("-")[1:]
    assert (python, abi) == ("cp311", "abi3"), version
    assert platform.startswith("manylinux_2_"), platform
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
    assert "mav_engine/site/index.html" in names
    kinds = ("_avx2",) if platform.endswith("x86_64") else ("",)
    for source in ("blocks", "llama", "prediction", "products", "small", "strongest"):
        assert {f"{NATIVE}/_{source}{kind}.abi3.so" for kind in kinds} <= set(names)
    assert any(name.startswith("mav_engine.libs/libgomp") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "frontend/", "api/"))]


def test_compiled_code_and_site_are_found_and_torch_is_not(
    installed: Path, alone: dict[str, str]
) -> None:
    lines = done(installed / "mav", "doctor", env=alone, cwd="/").splitlines()
    findings = {found["name"]: found for found in map(json.loads, lines)}
    states = {name: findings[name]["state"] for name in ("compiled", "site", "mav-tiny", "torch")}
    assert states == {"compiled": "ok", "site": "ok", "mav-tiny": "ok", "torch": "missing"}
    assert "llama" in findings["compiled"]["detail"]


def test_the_command_generates_what_the_checkout_generates(
    installed: Path, alone: dict[str, str]
) -> None:
    arguments = ("--prompt", "Once upon a time", "--max-new-tokens", "24")
    texts = []
    for command, environment in (
        ((str(installed / "mav"), *arguments), alone),
        ((sys.executable, "-m", "mav_engine", *arguments), {**os.environ, "PYTHONPATH": str(ROOT)}),
    ):
        last = done(*command, env=environment, cwd="/").splitlines()[-1]
        texts.append(json.loads(last)["text"])
    assert texts[0] == texts[1]
    assert texts[0].startswith(", there was a")


@pytest.fixture
def client(installed: Path, alone: dict[str, str]) -> Iterator[httpx2.Client]:
    command = [str(installed / "mav"), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=alone, cwd="/") as server:
        try:
            assert server.stdout is not None
            address = next(word for word in server.stdout.readline().split() if "://" in word)
            with httpx2.Client(base_url=address, timeout=PATIENCE_S) as made:
                yield made
        finally:
            server.terminate()
    assert server.returncode == 0


def test_the_server_has_the_site_compressed_and_runs(client: httpx2.Client) -> None:
    page = client.get("/", headers={"Accept-Encoding": "br"})
    assert page.headers["content-encoding"] == "br"
    assert client.get("/glossary").status_code == 200
    assert client.get("/api/openapi.json").json()["openapi"].startswith("3.")
    body = {"prompt": "Once upon a time", "max_new_tokens": 8}
    lines = client.post("/api/run", json=body).text.splitlines()
    last = [line for line in lines if line.startswith("data: ")][-1]
    assert json.loads(last.removeprefix("data: "))["type"] == "done"
