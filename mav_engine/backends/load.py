"""`load_backend` loads a model by name or folder."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from mav_engine.backends.accelerators import auto_is_cpu
from mav_engine.backends.base import Backend
from mav_engine.backends.device_names import check_device_name
from mav_engine.defaults import PREFIX_BYTES
from mav_engine.errors import MavError, ModelLoadFailed, UnusableModel
from mav_engine.faults import is_deliberate, load_fault
from mav_engine.models import embedded_models
from mav_engine.models.description import model_path
from mav_engine.models.folder import check_model, find_model, is_path
from mav_engine.models.hub import check_name, download
from mav_engine.models.precision import check_precision, split_precision
from mav_engine.wording import shortened

_NEEDS_TORCH = (
    "{name} cannot be run without torch and transformers, which are not installed ({why}): "
    "pip install 'mav-engine[{extra}]'"
)


def load_backend(
    source: str,
    *,
    name: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    prefix_bytes: int = PREFIX_BYTES,
) -> Backend:
    """Load a causal language model: the embedded one, a local folder or GGUF file, or a hub name.

    Reads only safetensors and GGUF weights and never runs a model's own code. A model that numpy
    and the compiled code support (`native/`) is loaded by them if it is to compute in float32 on
    the CPU, and without torch in other precisions too; all others are loaded with transformers,
    which imports torch.

    Args:
        source: `mav-tiny`, a folder, a GGUF file or a hub name, optionally with a precision:
            `mav-tiny@int8`.
        name: the model's name; by default the last part of the source.
        device: `auto` is CUDA, else MPS, else the CPU; `spread` is all of them.
        dtype: one of `mav_engine.models.precision.PRECISIONS`; `auto` is float32 on the CPU
            and the checkpoint's dtype elsewhere.
        prefix_bytes: size of the prefix cache, which saves the prefill of prompts that begin
            alike; 0 is off.

    Raises:
        ModelNotFound: there is no such folder, file or hub model.
        UnusableModel: its files are missing or broken, or it is not a causal language model.
        ModelLoadFailed: it cannot be loaded for another reason; the detail says what to do.
        InvalidSettings: `dtype` is invalid.
    """
    name = name or Path(source).name or source
    source, dtype = _with_precision(source, dtype)
    path = _path_of(source)
    try:
        check_model(path)
        with _collecting_later():
            return _load(
                str(path), name=name, device=device, dtype=dtype, prefix_bytes=prefix_bytes
            )
    except UnusableModel as error:
        # Errors of a file begin with its name.
        known = name == path.name and error.detail.startswith(f"{name} ")
        begin = "" if known else f"{shortened(name)}: "
        raise UnusableModel(f"{begin}{error.detail}", field="model") from error
    except MavError:
        raise
    except BaseException as error:  # loading includes a trial pass, which may fail too
        if is_deliberate(error):
            raise
        raise load_fault(error, name) from error


def needs_torch(source: str, *, name: str, device: str = "auto", dtype: str = "auto") -> str | None:
    """Why a model cannot be run in this installation, with the command that installs what it needs;
    None if it can, if torch and transformers are installed, or if it is not on this machine."""
    path = None if _has_torch() else model_path(source)
    if path is None:
        return None
    from mav_engine.backends.native.numpy_backend import unsupported_files, unsupported_request

    why = unsupported_request(dtype, device) or unsupported_files(path)
    if why is None:
        return None
    extra = "torch" if path.is_dir() else "gguf"
    return _NEEDS_TORCH.format(name=shortened(name), why=why, extra=extra)


def _load(path: str, *, name: str, device: str, dtype: str, prefix_bytes: int) -> Backend:
    """Load what numpy and the compiled code support without importing torch, and any other model
    with transformers."""
    in_float32 = check_precision(dtype) in ("auto", "float32")
    on_cpu = device == "cpu" or (device == "auto" and auto_is_cpu())
    if on_cpu and (in_float32 or not _has_torch()):
        from mav_engine.backends.native.numpy_backend import load_by_numpy

        native = load_by_numpy(path, name=name, dtype=dtype, prefix_bytes=prefix_bytes)
        if native is not None:
            return native
    refused = needs_torch(path, name=name, device=device, dtype=dtype)
    if refused is not None:
        raise ModelLoadFailed(refused, field="model")
    check_device_name(device)
    from mav_engine.backends.hf.load import load

    return load(path, name=name, device=device, dtype=dtype, prefix_bytes=prefix_bytes)


def _has_torch() -> bool:
    return find_spec("torch") is not None and find_spec("transformers") is not None


def _path_of(source: str) -> Path:
    """The folder of the embedded model, the folder or file of a path, or the folder of a hub model
    once it is downloaded."""
    path = embedded_models().get(source) or find_model(source)
    if path is not None:
        return path
    check_name(source)
    return download(source)


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Disable garbage collection.

    Imports and models create millions of objects that stay alive; collecting repeatedly while they
    are created takes an eighth of the loading time.
    """
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


def _with_precision(source: str, dtype: str) -> tuple[str, str]:
    """The source without its precision suffix, and the precision to load."""
    if dtype != "auto" or is_path(source):
        return source, dtype
    source, precision = split_precision(source)
    return source, precision or dtype
