"""Probes of other packages: measured like our own, and never the end of a run."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from mav_engine import MavError, RunSettings, run
from mav_engine.backends.fake import FakeBackend
from mav_engine.contract.events import Event, Token, from_json, to_json
from mav_engine.probes import capabilities, names, registry

ROOT = Path(__file__).resolve().parents[2]
PEAKS = """
import numpy as np
from mav_engine.probes import Probe


def fit(ground):
    return {"positions": ground.activations("resid").shape[1]}


def measure(context):
    return {"by_layer": np.abs(context.step.resid).max(axis=1), **context.fitted["peaks"]}


PEAKS = Probe(
    name="peaks", unit="activation", shape="[n_layers + 1]", hook_point="resid_post",
    needs=frozenset({"resid"}), section="extra", measure=measure, fit=fit,
)
"""

LENT = """
from mav_engine.probes import Probe


def probe(name, measure, section="extra", **more):
    return Probe(name=name, unit="1", shape="[]", hook_point="none", needs=frozenset(),
                 section=section, measure=measure, **more)
"""


def distribution(folder: Path, package: str, code: str, **probes: str) -> None:
    """A package as an installer would leave it: a module and its metadata."""
    (folder / f"{package}.py").write_text(LENT + code, encoding="utf-8")
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8"
    )
    lines = [f"{name} = {package}:{value}" for name, value in probes.items()]
    entries = "\n".join(["[mav_engine.probes]", *lines])
    (metadata / "entry_points.txt").write_text(entries + "\n", encoding="utf-8")


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose packages are installed for the time of a test."""
    modules = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "PROBES", dataclasses.replace(registry.PROBES))
    yield tmp_path
    for module in set(sys.modules) - modules:
        if module.startswith("lent_"):
            del sys.modules[module]


def events_of(*capture: str, **settings: Any) -> list[Event]:
    given = RunSettings(prompt="hi", max_new_tokens=3, capture=list(capture), **settings)
    return list(run(given, backend=FakeBackend()))


def tokens_of(events: list[Event]) -> list[Token]:
    assert [event.type for event in events] == ["start", "prompt", *["token"] * 3, "done"]
    return events[2:-1]


def test_an_installed_package_is_found_and_its_probe_measured(tmp_path: Path) -> None:
    distribution(tmp_path, "lent_peaks", PEAKS, peaks="PEAKS")
    program = (
        "import sys\n"
        "from mav_engine import RunSettings, run\n"
        "from mav_engine.probes import names\n"
        "assert 'peaks' in names() and 'lent_peaks' not in sys.modules\n"
        "assert 'torch' not in sys.modules\n"
        "from mav_engine.backends.fake import FakeBackend\n"
        "from mav_engine.contract.events import to_json\n"
        "settings = RunSettings(prompt='hi', max_new_tokens=2, capture=['residual', 'peaks'],\n"
        "                       aggregation='max_abs')\n"
        "for event in run(settings, backend=FakeBackend()):\n"
        "    print(to_json(event).decode())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", "import sys; sys.path.insert(0, sys.argv[1])\n" + program, tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    start, _, *tokens, done = map(orjson.loads, ended.stdout.splitlines())
    assert done["reason"] == "length"
    assert "peaks" in start["model"]["capabilities"]
    assert {"name": "peaks", "unit": "activation", "shape": "[n_layers + 1]"}.items() <= start[
        "probes"
    ][-1].items()
    for token in tokens:
        peaks = token["extra"]["peaks"]
        np.testing.assert_allclose(peaks["by_layer"], token["layers"]["resid_norm"])
        # Two tokens of the prompt, and 64 of the fake model's calibration.
        assert peaks["positions"] == 66
        assert "notes" not in token


def test_the_example_of_the_documents_measures(plugins: Path) -> None:
    text = (ROOT / "docs" / "probes.md").read_text(encoding="utf-8")
    code = text.partition("```python\n")[2].partition("```")[0]
    distribution(plugins, "lent_example", code, gini="GINI")
    token = tokens_of(events_of("gini", "attention_rows"))[0]
    rows = token.attention_rows
    apart = np.abs(rows[..., :, None] - rows[..., None, :]).mean(axis=(-1, -2))
    by_head = token.extra["gini"]["by_head"]
    np.testing.assert_allclose(by_head, apart / (2 * rows.mean(axis=-1)), rtol=1e-4)


def test_plugins_are_not_imported_by_a_description(plugins: Path) -> None:
    distribution(plugins, "lent_peaks", PEAKS, peaks="PEAKS")
    assert "peaks" in names()
    token = tokens_of(events_of("residual"))[0]
    assert token.extra is None
    assert b"extra" not in to_json(token)


BROKEN = {
    "does not import": ("import nowhere_to_be_found", "ModuleNotFoundError"),
    "ends the program": ("raise SystemExit(3)", "SystemExit: 3"),
    "names nothing": ("OTHER = 1", "AttributeError"),
    "is no probe": ("PROBE = 'probe'", "is a str, not a Probe"),
    "has another name": ("PROBE = probe('other', dict)", "calls itself other"),
    "wants a place of ours": ("PROBE = probe('broken', dict, 'layers')", "a plugin's is extra"),
    "wants to measure always": ("PROBE = probe('broken', dict, always=True)", "not always"),
    "raises": ("PROBE = probe('broken', lambda context: 1 / 0)", "ZeroDivisionError"),
    "gives no mapping": ("PROBE = probe('broken', lambda context: [1])", "returns a mapping"),
    "gives what is no JSON": (
        "PROBE = probe('broken', lambda context: {'x': {'y': object()}})",
        "object is neither JSON",
    ),
    "gives complex numbers": (
        "import numpy\nPROBE = probe('broken', lambda context: {'x': numpy.ones(3, complex)})",
        "complex128 holds no real",
    ),
    "cannot be fitted": (
        "PROBE = probe('broken', lambda context: {}, fit=lambda context: context.nothing)",
        "AttributeError",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_plugin_gives_null_and_the_reason(
    fault: str, plugins: Path, caplog: pytest.LogCaptureFixture
) -> None:
    code, reason = BROKEN[fault]
    distribution(plugins, "lent_broken", code, broken="PROBE")
    tokens = tokens_of(events_of("residual", "broken"))
    for token in tokens:
        assert token.extra == {"broken": None}
        assert reason in token.notes["broken"]
        assert token.layers.resid_norm is not None
        assert to_json(from_json(to_json(token))) == to_json(token)
    warnings = [record for record in caplog.records if "broken" in record.getMessage()]
    assert 1 <= len(warnings) <= 2, "it is logged, and not for every token"


def test_a_broken_plugin_does_not_harm_another(plugins: Path) -> None:
    distribution(plugins, "lent_broken", "import nowhere_to_be_found", broken="PROBE")
    distribution(plugins, "lent_peaks", PEAKS, peaks="PEAKS")
    token = tokens_of(events_of("peaks", "broken"))[0]
    assert token.extra["peaks"]["by_layer"].shape == (4,)
    assert token.extra["broken"] is None
    assert set(token.notes) == {"broken"}


def test_a_broken_plugin_is_no_capability(plugins: Path) -> None:
    distribution(plugins, "lent_broken", "import nowhere_to_be_found", broken="PROBE")
    assert "broken" not in capabilities(["resid"])


def test_the_name_of_a_built_in_cannot_be_taken(
    plugins: Path, caplog: pytest.LogCaptureFixture
) -> None:
    distribution(plugins, "lent_taker", "PROBE = probe('residual', dict)", residual="PROBE")
    token = tokens_of(events_of("residual"))[0]
    assert token.layers.resid_norm is not None
    assert token.extra is None
    assert "lent_taker 1.0 names a probe residual, but that is the name of one of MAV itself" in (
        caplog.text
    )


def test_of_two_plugins_with_one_name_the_first_is_taken(plugins: Path) -> None:
    for package, number in (("lent_b", 2), ("lent_a", 1)):
        code = f"PROBE = probe('twice', lambda context: {{'number': {number}}})"
        distribution(plugins, package, code, twice="PROBE")
    assert tokens_of(events_of("twice"))[0].extra == {"twice": {"number": 1}}


def test_a_package_with_broken_metadata_does_not_hide_the_others(plugins: Path) -> None:
    distribution(plugins, "lent_peaks", PEAKS, peaks="PEAKS")
    (plugins / "lent_odd-1.0.dist-info").mkdir()
    (plugins / "lent_odd-1.0.dist-info" / "entry_points.txt").write_text(
        "[mav_engine.probes]\nx\n", encoding="utf-8"
    )
    assert "peaks" in names()


def test_a_probe_that_the_model_cannot_feed_is_refused_by_name(plugins: Path) -> None:
    code = """
PROBE = Probe(name="deep", unit="1", shape="[]", hook_point="lens", needs=frozenset({"lens"}),
              section="extra", measure=lambda context: {})
"""
    distribution(plugins, "lent_deep", code, deep="PROBE")
    with pytest.raises(MavError, match="fake cannot give the probe deep") as caught:
        events_of("deep")
    assert caught.value.field == "capture"


def test_values_that_do_not_exist_are_null_and_all_else_comes_back(plugins: Path) -> None:
    code = r"""
import numpy as np
VALUES = {
    "nan": float("nan"), "inf": np.float64("inf"), "flag": True, "none": None, "text": "\ud800a",
    "large": 2**60, "numbers": np.array([1.0, np.inf, 3.0]), "halves": np.ones((2, 50)),
    "nested": {"list": [1, (2.5, np.int64(3))]}, 7: "seven", "most": np.full(3, 1e300),
}
PROBE = probe("values", lambda context: VALUES)
"""
    distribution(plugins, "lent_values", code, values="PROBE")
    token = tokens_of(events_of("values"))[0]
    wire = orjson.loads(to_json(token))["extra"]["values"]
    assert wire["halves"]["shape"] == [2, 50]
    del wire["halves"]
    assert wire == {
        "nan": None,
        "inf": None,
        "flag": True,
        "none": None,
        "text": "?a",
        "large": 2.0**60,
        "numbers": [1.0, None, 3.0],
        "nested": {"list": [1, [2.5, 3]]},
        "7": "seven",
        "most": [None, None, None],
    }
    assert to_json(from_json(to_json(token))) == to_json(token)
