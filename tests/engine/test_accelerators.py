"""The device `auto`: torch is asked only where there may be one that it prefers to the CPU."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from mav_engine.backends import accelerators, load_backend
from mav_engine.backends.hf.backend import TransformersBackend
from mav_engine.backends.inference.threads import usable_threads
from mav_engine.backends.native.numpy_backend import NumpyBackend


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Linux machine without a GPU; the folder holds its device nodes."""
    monkeypatch.setattr(sys, "platform", "linux")
    nodes = tuple(each.replace("/dev", str(tmp_path)) for each in accelerators._LINUX_DEVICES)
    monkeypatch.setattr(accelerators, "_LINUX_DEVICES", nodes)
    monkeypatch.setattr(accelerators, "_LINUX_DRIVER", "libno-such-driver.so.1")
    return tmp_path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each question to torch, which knows a GPU that is not here: the device `meta`."""
    questions: list[str] = []

    def device_for(wanted: str) -> torch.device:
        questions.append(wanted)
        return torch.device("meta")

    monkeypatch.setattr("mav_engine.backends.hf.devices.device_for", device_for)
    return questions


def test_torch_is_not_asked_on_a_machine_without_a_driver(
    machine: Path,  # noqa: ARG001
    asked: list[str],
) -> None:
    assert accelerators.auto_is_cpu()
    assert asked == []


@pytest.mark.parametrize("node", ["nvidia0", "nvidiactl", "nvhost-gpu", "nvmap", "dxg", "kfd"])
def test_torch_is_asked_where_a_driver_has_a_node(
    machine: Path, asked: list[str], node: str
) -> None:
    (machine / node).touch()
    assert not accelerators.auto_is_cpu()
    assert asked == ["auto"]


def test_torch_is_asked_where_the_library_of_a_driver_is_found(
    machine: Path,  # noqa: ARG001
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(accelerators.ctypes, "CDLL", lambda _name: object())
    assert not accelerators.auto_is_cpu()
    assert asked == ["auto"]


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_torch_is_asked_on_other_systems(
    machine: Path,  # noqa: ARG001
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
    system: str,
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert not accelerators.auto_is_cpu()
    assert asked == ["auto"]


def test_without_torch_the_device_is_the_cpu(
    machine: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine / "nvidia0").touch()
    monkeypatch.setattr(accelerators, "find_spec", lambda _name: None)
    assert accelerators.auto_is_cpu()
    assert asked == []


@pytest.mark.parametrize(
    ("device", "dtype", "auto_is_cpu", "kind"),
    [
        ("auto", "auto", True, NumpyBackend),
        ("auto", "auto", False, TransformersBackend),
        ("cpu", "float32", False, NumpyBackend),
        ("cpu", "bfloat16", True, TransformersBackend),
    ],
)
def test_other_devices_and_precisions_are_left_to_transformers(
    device: str, dtype: str, auto_is_cpu: bool, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mav_engine.backends.load.auto_is_cpu", lambda: auto_is_cpu)
    assert type(load_backend("mav-tiny", device=device, dtype=dtype)) is kind


@pytest.mark.parametrize(
    ("given", "count"), [("3", 3), ("4,2", 4), ("", 5), ("0", 5), ("-1", 5), ("many", 5)]
)
def test_the_threads_are_those_of_openmp_or_of_the_processors(
    given: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def processors(_process: int) -> set[int]:
        return set(range(5))

    monkeypatch.setattr("os.sched_getaffinity", processors, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert usable_threads() == count


def test_a_gpu_is_used_where_there_is_one() -> None:
    if not torch.cuda.is_available() and not torch.backends.mps.is_available():
        pytest.skip("this machine has no GPU")
    backend: Any = load_backend("mav-tiny")
    assert backend.info.device.partition(":")[0] in {"cuda", "mps"}
