"""Runs the probes. A built-in may end a run with an error, a plugin never does."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mav_engine.faults import brief, is_deliberate
from mav_engine.probes.base import FitContext, Plan, Probe, StepContext

MAX_NOTE = 300
"""Most characters of a note."""
_log = logging.getLogger(__name__)


def check_all(probes: Sequence[Probe], plan: Plan) -> None:
    """Let the built-in probes refuse a run that would exceed their limits.

    Raises:
        InvalidSettings: a probe refuses the run.
    """
    for probe in probes:
        if probe.check is not None and probe.section != "extra":
            probe.check(plan)


def fit_all(probes: Sequence[Probe], context: FitContext) -> dict[str, Any]:
    """The result of each probe's `fit` by name, or the failure of a plugin."""
    fitted: dict[str, Any] = {}
    for probe in probes:
        if probe.fit is None:
            continue
        try:
            fitted[probe.name] = probe.fit(context)
        except BaseException as error:
            if probe.section != "extra" or is_deliberate(error):
                raise
            fitted[probe.name] = _Failed(error)
    return fitted


class ProbeRunner:
    """The probes of one run. The first failure of each plugin is logged."""

    def __init__(self, probes: Sequence[Probe], fitted: Mapping[str, Any]) -> None:
        self._built_in = [probe for probe in probes if probe.section != "extra"]
        self._plugins = [probe for probe in probes if probe.section == "extra"]
        self._fitted = fitted
        self._logged: set[str] = set()

    def fields(self, context: StepContext) -> dict[str, Any]:
        """The measured fields of the token event; those of layers are nested in `layers`."""
        context.fitted = self._fitted
        fields: dict[str, Any] = {"layers": {}}
        for probe in self._built_in:
            place = fields["layers"] if probe.section == "layers" else fields
            place.update(probe.measure(context))
        if self._plugins:
            results = [
                (probe.name, *self._plugin_fields(probe, context)) for probe in self._plugins
            ]
            fields["extra"] = {name: value for name, value, _ in results}
            notes = {name: note for name, _, note in results if note is not None}
            fields["notes"] = notes or None
        return fields

    def _plugin_fields(
        self, probe: Probe, context: StepContext
    ) -> tuple[dict[str, Any] | None, str | None]:
        """A plugin's fields and None, or None and the reason."""
        try:
            failed = self._fitted.get(probe.name)
            if isinstance(failed, _Failed):
                raise failed.error
            return _json_fields(probe.measure(context)), None
        except BaseException as error:
            if is_deliberate(error):
                raise
            if probe.name not in self._logged:
                self._logged.add(probe.name)
                _log.warning("the probe %s failed", probe.name, exc_info=error)
            note = f"{type(error).__name__}: {brief(error)}"
            return None, _text(note[:MAX_NOTE])


class _Failed:
    """The error of a plugin's `fit`, raised when the plugin measures."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def _json_fields(measured: object) -> dict[str, Any]:
    """Convert a plugin's fields to JSON values and arrays.

    Raises:
        TypeError: it is not a mapping, or a value is neither JSON nor an array.
    """
    if not isinstance(measured, Mapping):
        raise TypeError(f"a probe returns a mapping of fields, not {type(measured).__name__}")
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
    """The text with lone surrogates replaced."""
    return value.encode("utf-8", errors="replace").decode("utf-8")


def _as_numbers(values: np.ndarray) -> Any:
    """A float32 array with NaN for missing values; a number if it has no axes."""
    if values.dtype.kind not in "biuf":
        raise TypeError(f"an array of {values.dtype} holds no real numbers")
    if values.ndim == 0:
        return _as_json(values.item())
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float32)
    return np.where(np.isfinite(numbers), numbers, np.float32(np.nan))
