"""Loading: what is missing or broken is named; nothing of the caller's process is changed."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from mav_engine import RunSettings, run
from mav_engine.backends import Backend, load_backend
from mav_engine.errors import ModelLoadFailed
from tests.engine.conftest import EMBEDDED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EMBEDDED, tmp_path / "model"))


def load(folder: Path) -> Backend:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_backend(str(folder))


def test_the_embedded_model_is_found_by_name() -> None:
    info = load_backend("mav-tiny").info
    assert (info.name, info.loaded, info.dtype) == ("mav-tiny", True, "float32")
    assert info.vocabulary == 4096


def test_no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelLoadFailed, match=r"no \*\.safetensors"):
        load(folder)


def test_no_config(folder: Path) -> None:
    (folder / "config.json").unlink()
    with pytest.raises(ModelLoadFailed, match=r"config\.json"):
        load(folder)


def test_broken_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelLoadFailed, match="cut off"):
        load(folder)


def test_weights_that_lack_a_tensor(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.2.mlp.up_proj.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelLoadFailed, match=r"layers\.2\.mlp\.up_proj"):
        load(folder)


def test_a_hub_name_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelLoadFailed, match="nobody/nothing"):
        load_backend("nobody/nothing")


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(ModelLoadFailed, match="cpu or auto"):
        load_backend("mav-tiny", device="cuda:7")


def test_half_precision_is_used_if_it_is_requested() -> None:
    backend = load_backend("mav-tiny", dtype="bfloat16")
    events = list(run(RunSettings(prompt="Once upon", max_new_tokens=3), backend=backend))
    assert events[0].model.dtype == "bfloat16"
    assert events[-1].reason == "length"


def test_loading_and_running_leave_the_process_as_it_was(folder: Path) -> None:
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    filters = list(warnings.filters)
    backend = load_backend(str(folder))
    list(run(RunSettings(prompt="Once", max_new_tokens=2), backend=backend))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert warnings.filters == filters
    assert torch.is_grad_enabled()
