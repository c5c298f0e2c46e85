"""Settings of the environment: read in one place, invalid values refused, all documented."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from mav_engine.config import ROOT, ServerConfig, read_environment, variable_of
from mav_engine.errors import InvalidSettings

TABLE = ROOT / "docs" / "configuration.md"


def test_variables_are_read_by_name(tmp_path: Path) -> None:
    config = read_environment(
        {
            "MAV_MODELS": " gpt2 , org/model,",
            "MAV_MODELS_DIR": str(tmp_path),
            "MAV_CACHE_BYTES": "2GiB",
            "MAV_MAX_RUNS": "3",
            "MAV_ANY_MODEL": "1",
            "MAV_DEVICE": "",
            "MAV_DTYPE": "int8-dynamic",
            "HOME": "/nowhere",
        }
    )
    assert config.models == ("gpt2", "org/model")
    assert config.models_dir == tmp_path
    assert config.cache_bytes == 2 * 1024**3
    assert config.max_runs == 3
    assert config.any_model is True
    assert config.device == "auto"
    assert config.dtype == "int8-dynamic"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MAV_MAX_RUNS", "0"),
        ("MAV_MAX_RUNS", "many"),
        ("MAV_MAX_QUEUE", "-1"),
        ("MAV_DEADLINE_S", "0"),
        ("MAV_HEARTBEAT_S", "60"),
        ("MAV_CACHE_BYTES", "much"),
        ("MAV_DTYPE", "float8"),
        ("MAV_ANY_MODEL", "perhaps"),
    ],
)
def test_an_invalid_value_is_reported_with_its_variable(variable: str, value: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        read_environment({variable: value})
    assert caught.value.field == variable
    assert variable in caught.value.detail
    assert value in caught.value.detail


def test_a_secret_is_never_shown() -> None:
    with pytest.raises(InvalidSettings, match="at least 16 characters") as caught:
        read_environment({"MAV_SECRET": "short one"})
    assert caught.value.field == "MAV_SECRET"
    assert "short one" not in caught.value.detail
    assert "long" not in repr(read_environment({"MAV_SECRET": "one that is long enough"}))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MAV_MODELS_DIR", "/nowhere"),
        ("MAV_MODELS", "./nowhere"),
        ("MAV_DEFAULT_MODEL", "nobody"),
    ],
)
def test_a_missing_model_is_reported_with_its_variable(variable: str, value: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        read_environment({variable: value}).catalog()
    assert caught.value.field == variable
    assert value in caught.value.detail


def test_a_mistyped_variable_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        read_environment({"MAV_MAX_RUN": "3"})
    assert "Did you mean MAV_MAX_RUNS?" in caplog.text


def test_a_variable_of_the_sites_build_is_not_taken_for_a_mistyped_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        read_environment({"MAV_PANELS_DIR": "mine"})
    assert caplog.text == ""


def test_every_setting_stands_in_the_documentation_with_its_default() -> None:
    rows = dict(
        re.findall(
            r"^\| `(MAV_\w+)` \| ([^|]*) \|", TABLE.read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    assert set(rows) == {variable_of(name) for name in ServerConfig.model_fields}
    for name, field in ServerConfig.model_fields.items():
        documented = rows[variable_of(name)].strip("` ")
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            assert documented == str(field.default).removesuffix(".0"), name
