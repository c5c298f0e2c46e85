"""`load_backend`: from a name or a folder to a loaded model."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mav_engine.backends.base import DEFAULT_PREFIX_BYTES, Backend
from mav_engine.errors import MavError, ModelLoadFailed
from mav_engine.faults import load_fault
from mav_engine.precision import split_precision
from mav_engine.settings import DEFAULT_MODEL

EMBEDDED_MODELS = Path(__file__).parents[1] / "models"


def load_backend(
    source: str,
    *,
    name: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    prefix_bytes: int = DEFAULT_PREFIX_BYTES,
) -> Backend:
    """Load a causal language model: the embedded one, a local folder or a hub name.

    Only safetensors weights are read and no code of a model is run. Imports torch.

    Args:
        source: `mav-tiny`, a folder or a hub name; `mav-tiny@int8` names a precision too.
        name: what to call it; the source's last part where not given.
        device: `auto` takes CUDA, then MPS, then the CPU; `spread` takes all of them.
        dtype: one of `mav_engine.precision.PRECISIONS`; `auto` is float32 on the CPU, elsewhere
            that of the checkpoint.
        prefix_bytes: how much of the texts that were read is kept, so that runs that begin
            likewise need not read it again; 0 keeps nothing.

    Raises:
        ModelLoadFailed: it cannot be loaded; the detail says why and what to do.
        InvalidSettings: there is no such `dtype`.
    """
    name = name or Path(source).name
    source, dtype = _with_precision(source, dtype)
    embedded = EMBEDDED_MODELS / source
    inside = source == DEFAULT_MODEL or (not Path(source).exists() and embedded.is_dir())
    folder = str(embedded) if inside else source
    try:
        with _collecting_later():
            return _load(folder, name=name, device=device, dtype=dtype, prefix_bytes=prefix_bytes)
    except MavError:
        raise
    except Exception as error:  # also what a model does that was read but cannot be run
        raise load_fault(error, name, source) from error


def _load(folder: str, *, name: str, device: str, dtype: str, prefix_bytes: int) -> Backend:
    """By transformers, unless that need not be waited for."""
    _check_folder(folder, name)
    from mav_engine.backends.llama.load import load_llama

    llama = load_llama(folder, name=name, device=device, dtype=dtype, prefix_bytes=prefix_bytes)
    if llama is not None:
        return llama
    from mav_engine.backends.transformers.load import load

    return load(folder, name=name, device=device, dtype=dtype, prefix_bytes=prefix_bytes)


def _check_folder(source: str, name: str) -> None:
    folder = Path(source)
    if not folder.is_dir():
        return
    if not (folder / "config.json").is_file():
        raise ModelLoadFailed(
            f"{name}: {folder} has no config.json, so it is no model in Hugging Face layout.",
            field="model",
        )
    if not any(folder.glob("*.safetensors")):
        raise ModelLoadFailed(
            f"{name}: {folder} has no *.safetensors weights. Other formats can run code when "
            "they are read and are refused; save the model again with save_pretrained().",
            field="model",
        )


@contextmanager
def _collecting_later() -> Iterator[None]:
    """No garbage collection meanwhile.

    The imports and the model are millions of objects that all stay: looking through them again and
    again, as they come, is an eighth of the start.
    """
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


def _with_precision(source: str, dtype: str) -> tuple[str, str]:
    """The source without the precision that it may name, and the precision to load."""
    if dtype != "auto" or Path(source).exists():
        return source, dtype
    source, precision = split_precision(source)
    return source, precision or dtype
