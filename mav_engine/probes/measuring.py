"""Runs the probes: built-ins may end a run with an error, a plugin never does."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mav_engine.faults import brief, is_deliberate
from mav_engine.probes.base import Groundwork, Plan, Probe, Scene

MAX_NOTE = 300
"""Characters of a note."""
_log = logging.getLogger(__name__)


def check_all(probes: Sequence[Probe], plan: Plan) -> None:
    """Let the built-in probes refuse a run that would ask too much.

    Raises:
        InvalidSettings: one of them does.
    """
    for probe in probes:
        if probe.check is not None and probe.section != "extra":
            probe.check(plan)


def fit_all(probes: Sequence[Probe], ground: Groundwork) -> dict[str, Any]:
    """What each probe's `fit` gives, by name; a plugin's failure in its place."""
    fitted: dict[str, Any] = {}
    for probe in probes:
        if probe.fit is None:
            continue
        try:
            fitted[probe.name] = probe.fit(ground)
        except BaseException as error:
            if probe.section != "extra" or is_deliberate(error):
                raise
            fitted[probe.name] = _Failed(error)
    return fitted


class Measuring:
    """The probes of one run; what breaks in a plugin is logged once."""

    def __init__(self, probes: Sequence[Probe], fitted: Mapping[str, Any]) -> None:
        self._built_in = [probe for probe in probes if probe.section != "extra"]
        self._plugins = [probe for probe in probes if probe.section == "extra"]
        self._fitted = fitted
        self._logged: set[str] = set()

    def fields(self, scene: Scene) -> dict[str, Any]:
        """The measured fields of the token event; those of `layers` under that name."""
        scene.fitted = self._fitted
        fields: dict[str, Any] = {"layers": {}}
        for probe in self._built_in:
            place = fields["layers"] if probe.section == "layers" else fields
            place.update(probe.measure(scene))
        if self._plugins:
            told = [(probe.name, *self._plugged(probe, scene)) for probe in self._plugins]
            fields["extra"] = {name: value for name, value, _ in told}
            notes = {name: note for name, _, note in told if note is not None}
            fields["notes"] = notes or None
        return fields

    def _plugged(self, probe: Probe, scene: Scene) -> tuple[dict[str, Any] | None, str | None]:
        """A plugin's fields, or None and why."""
        try:
            failed = self._fitted.get(probe.name)
            if isinstance(failed, _Failed):
                raise failed.error
            return _json_fields(probe.measure(scene)), None
        except BaseException as error:
            if is_deliberate(error):
                raise
            if probe.name not in self._logged:
                self._logged.add(probe.name)
                _log.warning("the probe %s failed", probe.name, exc_info=error)
            told = f"{type(error).__name__}: {brief(error)}"
            return None, _text(told[:MAX_NOTE])


class _Failed:
    """The error of a plugin's fit, kept until its value is asked for."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def _json_fields(measured: object) -> dict[str, Any]:
    """A plugin's fields as JSON can hold them.

    Raises:
        TypeError: it is no mapping, or something in it is neither JSON nor an array.
    """
    if not isinstance(measured, Mapping):
        raise TypeError(f"a probe gives a mapping of fields, not {type(measured).__name__}")
    return {_text(str(name)): _as_json(item) for name, item in measured.items()}


def _as_json(value: object) -> Any:
    if value is None or isinstance(value, str):
        return None if value is None else _text(value)
    if isinstance(value, np.ndarray | np.generic):
        return _as_numbers(np.asarray(value))
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return _json_fields(value)
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    raise TypeError(f"{type(value).__name__} is neither JSON nor a numpy array")


def _text(value: str) -> str:
    """The text with what UTF-8 cannot hold (half a surrogate pair) replaced."""
    return value.encode("utf-8", errors="replace").decode("utf-8")


def _as_numbers(values: np.ndarray) -> Any:
    """A float32 array with NaN for what does not exist; one number where it has no axes."""
    if values.dtype.kind not in "biuf":
        raise TypeError(f"an array of {values.dtype} holds no real numbers")
    if values.ndim == 0:
        return _as_json(values.item())
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float32)
    return np.where(np.isfinite(numbers), numbers, np.float32(np.nan))
