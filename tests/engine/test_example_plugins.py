"""The example package, installed and used; and plugins that are broken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "mav-example-plugins"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the example was installed, from a copy of its sources."""
    folder = tmp_path_factory.mktemp("plugins")
    source = folder / "source"
    for path in EXAMPLE.rglob("*"):
        if path.is_file() and path.suffix in (".py", ".toml", ".md"):
            copied = source / path.relative_to(EXAMPLE)
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(path.read_bytes())
    target = folder / "site"
    subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
            "--no-build-isolation", "--no-index", "--disable-pip-version-check",
            "--target", target, source,
        ],
        check=True,
        capture_output=True,
        text=True,
    )  # fmt: skip
    return target


def python(program: str, *folders: Path, options: tuple[str, ...] = ()) -> str:
    """What a program prints where these folders' packages are installed."""
    paths = os.pathsep.join(map(str, (*folders, ROOT)))
    ended = subprocess.run(
        [sys.executable, *options, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "120"},
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


MAV_PLUGINS = "from mav_engine.cli import main; main(['plugins'])"


def test_the_command_lists_what_each_gives_and_needs(installed: Path) -> None:
    lines = python(MAV_PLUGINS, installed).splitlines()
    package = "mav-example-plugins"
    assert [line.split()[:3] for line in lines[1:]] == [
        ["probe", "gini", package],
        ["panel", "confidence", package],
        ["backend", "without_last_mlp", package],
    ]
    assert lines[1].endswith("pattern")
    assert "attention_entropy" in lines[2]
    assert "numpy>=2.2" in lines[3]


def test_without_plugins_the_list_explains_how_to_add_one() -> None:
    assert "No plugins are installed" in python(MAV_PLUGINS)


def test_the_probe_measures(installed: Path) -> None:
    output = python(
        "from mav_engine import RunSettings, run\n"
        "from mav_engine.backends.fake import FakeBackend\n"
        "given = RunSettings(prompt='hi', max_new_tokens=1, capture=['gini'])\n"
        "token = list(run(given, backend=FakeBackend()))[2]\n"
        "print(token.extra['gini']['by_head'].shape, token.notes)\n",
        installed,
    )
    assert output == "(3, 2) None\n"


def test_the_panel_is_selected_by_name(installed: Path) -> None:
    output = python(
        "from mav_engine import MAV\n"
        "MAV('mav-tiny', 'Once upon', max_new_tokens=2,\n"
        "    selected_panels=['generated_text', 'confidence'])\n",
        installed,
    )
    assert "Confidence" in output
    assert "%" in output
    assert "█" in output


BACKEND_RUNS = """
import sys
from mav_engine import MAV
from mav_engine.cli import main

for backend in ("transformers", "without_last_mlp"):
    MAV("mav-tiny", "Once upon", max_new_tokens=8, backend=backend,
        selected_panels=["generated_text", "mlp_activations"])
for backend in ("without_last_mlp", "without_last"):
    print("command", backend, flush=True)
    try:
        main(["--backend", backend, "--max-new-tokens", "1", "--device", "cpu"])
    except SystemExit as ended:
        print("status", ended.code)
"""


@pytest.fixture(scope="module")
def backend_runs(installed: Path) -> tuple[str, list[str], list[str]]:
    """What the calls in Python print, and the lines of each command.

    One program for all, since it imports torch.
    """
    called, _, commands = python(BACKEND_RUNS, installed).partition("command without_last_mlp\n")
    taken, _, refused = commands.partition("command without_last\n")
    return called, taken.splitlines(), refused.splitlines()


def test_the_backend_runs_and_its_model_generates_another_text(
    backend_runs: tuple[str, list[str], list[str]],
) -> None:
    plain, _, silenced = backend_runs[0].partition(" mav  mav-tiny, last MLP off ")
    assert "Once upon" in plain
    layer = [line for line in silenced.splitlines() if "L5" in line]
    assert layer
    assert layer[0].split("L5")[1].split()[0] == "0"


def test_the_command_takes_a_plugins_backend_and_names_the_nearest(
    backend_runs: tuple[str, list[str], list[str]],
) -> None:
    _, (first, *_, status), refused = backend_runs
    assert orjson.loads(first)["model"]["name"] == "mav-tiny, last MLP off"
    assert status == "status 0"
    assert refused[-1] == "status 2"


BROKEN = {
    "lent_gone": "import nowhere_to_be_found",
    "lent_exit": "raise SystemExit(3)",
    "lent_odd": "PANEL = LOAD = 'a text'",
    "lent_late": (
        "from mav_engine import PanelBase\n"
        "class PANEL(PanelBase):\n"
        "    def __init__(self, measurements):\n"
        "        raise RuntimeError('not today')\n"
        "    def get_panel_content(self):\n"
        "        return ''\n"
        "def LOAD(model, *, device):\n"
        "    raise RuntimeError('no such model')\n"
    ),
}


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Packages whose panel and backend cannot be used, each in its own way."""
    for package, code in BROKEN.items():
        (tmp_path / f"{package}.py").write_text(code, encoding="utf-8")
        metadata = tmp_path / f"{package}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8"
        )
        (metadata / "entry_points.txt").write_text(
            f"[mav_engine.terminal_panels]\n{package} = {package}:PANEL\n"
            f"[mav_engine.backends]\n{package}_backend = {package}:LOAD\n",
            encoding="utf-8",
        )
    return tmp_path


REASONS = {
    "lent_gone": "ModuleNotFoundError",
    "lent_exit": "SystemExit: 3",
    "lent_odd": "'a text' is not a panel",
    "lent_late": "RuntimeError: not today",
}


def test_a_broken_panel_shows_its_error_and_the_run_continues(broken: Path) -> None:
    output = python(
        "from mav_engine import MAV\n"
        f"for name in {list(BROKEN)!r}:\n"
        "    MAV('mav-tiny', 'Once upon', max_new_tokens=2,\n"
        "        selected_panels=['generated_text', name])\n",
        broken,
    )
    words = " ".join(output.replace("│", " ").split())
    for reason in REASONS.values():
        assert reason in words
    assert output.count("length · 2 tokens") == len(BROKEN)


def test_broken_backends_are_one_error_each(broken: Path) -> None:
    lines = python(
        "from mav_engine import MAV, MavError\n"
        f"for name in {list(BROKEN)!r}:\n"
        "    try:\n"
        "        MAV('mav-tiny', 'hi', backend=name + '_backend')\n"
        "    except MavError as error:\n"
        "        print(error.code, error)\n",
        broken,
    ).splitlines()
    assert len(lines) == len(BROKEN)
    assert all(line.startswith("model_load_failed") for line in lines)
    assert "nowhere_to_be_found" in lines[0]
    assert "cannot be called" in lines[2]
    assert "no such model" in lines[3]


def test_the_list_shows_working_plugins_and_why_others_failed(
    broken: Path, installed: Path
) -> None:
    program = "from mav_engine.cli import main; main(['plugins', '--json'])"
    found = [orjson.loads(line) for line in python(program, installed, broken).splitlines()]
    failed = {each["name"]: each["failed"] for each in found}
    assert failed["gini"] is failed["confidence"] is failed["without_last_mlp"] is None
    assert "No module named 'nowhere_to_be_found'" in failed["lent_gone"]
    assert "SystemExit: 3" in failed["lent_exit_backend"]
    assert "is not a panel" in failed["lent_odd"]
    assert failed["lent_late"] is None, "it fails only when it draws"
