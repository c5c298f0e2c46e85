"""`load_backend`: from a name or a folder to a loaded model."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mav_engine.backends.base import DEFAULT_PREFIX_BYTES, Backend
from mav_engine.errors import MavError, UnusableModel
from mav_engine.faults import is_deliberate, load_fault
from mav_engine.models import EMBEDDED_DIR
from mav_engine.models.folder import check_folder, find_folder, is_folder
from mav_engine.models.hub import check_name, download
from mav_engine.models.precision import split_precision
from mav_engine.settings import DEFAULT_MODEL
from mav_engine.wording import shortened


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
        dtype: one of `mav_engine.models.precision.PRECISIONS`; `auto` is float32 on the CPU,
            elsewhere that of the checkpoint.
        prefix_bytes: how much of the texts that were read is kept, so that runs that begin
            likewise need not read it again; 0 keeps nothing.

    Raises:
        ModelNotFound: there is no such folder or hub model.
        UnusableModel: its files are missing or broken, or it is no causal language model.
        ModelLoadFailed: it cannot be loaded for another reason; the detail says what to do.
        InvalidSettings: there is no such `dtype`.
    """
    name = name or Path(source).name or source
    source, dtype = _with_precision(source, dtype)
    folder = _folder_of(source)
    try:
        check_folder(folder)
        with _collecting_later():
            return _load(
                str(folder), name=name, device=device, dtype=dtype, prefix_bytes=prefix_bytes
            )
    except UnusableModel as error:
        raise UnusableModel(f"{shortened(name)}: {error.detail}", field="model") from error
    except MavError:
        raise
    except BaseException as error:  # also what a model does that was read but cannot be run
        if is_deliberate(error):
            raise
        raise load_fault(error, name) from error


def _load(folder: str, *, name: str, device: str, dtype: str, prefix_bytes: int) -> Backend:
    """By transformers, unless that need not be waited for."""
    from mav_engine.backends.llama_files.load import load_llama

    llama = load_llama(folder, name=name, device=device, dtype=dtype, prefix_bytes=prefix_bytes)
    if llama is not None:
        return llama
    from mav_engine.backends.hf.load import load

    return load(folder, name=name, device=device, dtype=dtype, prefix_bytes=prefix_bytes)


def _folder_of(source: str) -> Path:
    """The folder of the embedded model, of a path, or of a hub model once it is downloaded."""
    if source == DEFAULT_MODEL:
        return EMBEDDED_DIR / source
    folder = find_folder(source)
    if folder is not None:
        return folder
    check_name(source)
    if "/" not in source and (EMBEDDED_DIR / source).is_dir():
        return EMBEDDED_DIR / source
    return download(source)


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
    if dtype != "auto" or is_folder(source):
        return source, dtype
    source, precision = split_precision(source)
    return source, precision or dtype
