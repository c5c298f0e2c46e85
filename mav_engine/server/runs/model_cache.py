"""Loaded models: each loaded once however many ask, the least recently used ones let go."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Protocol

from mav_engine.backends import Backend
from mav_engine.contract.events import ModelInfo
from mav_engine.errors import MavError, ModelLoadFailed, ModelNotFound, UnusableModel
from mav_engine.models.catalog import CatalogEntry

LOG = logging.getLogger("mav.api")


class Load(Protocol):
    """What turns a source into a backend; slow."""

    def __call__(self, source: str, *, name: str, device: str, dtype: str) -> Backend: ...


@dataclass(eq=False, slots=True)
class _Cached:
    entry: CatalogEntry
    loading: Future[Backend] = field(default_factory=Future)
    leases: int = 0

    def __post_init__(self) -> None:
        self.loading.set_running_or_notify_cancel()  # one waiter's cancelling spares the others

    @property
    def backend(self) -> Backend | None:
        """The model once it is loaded."""
        done = self.loading.done() and self.loading.exception() is None
        return self.loading.result() if done else None


class Lease:
    """The right to use a model; while it is held the model is not let go."""

    def __init__(self, loading: Future[Backend], give_back: Callable[[], None]) -> None:
        self.loading = loading
        """The model, or why it cannot be loaded."""
        self._give_back = give_back
        self._held = threading.Lock()
        self._held.acquire()

    def release(self) -> None:
        """Give the right back; from any thread, and harmless when done twice."""
        try:
            self._held.release()
        except RuntimeError:
            return
        self._give_back()


class ModelCache:
    """Loaded models within a byte budget. Safe to use from any thread and any event loop.

    A model in use is never let go, nor the last one used, so one that is larger than the
    budget can still be run.
    """

    def __init__(self, load: Load, *, budget: int, device: str, dtype: str) -> None:
        self._load = load
        self._budget = budget
        self._device = device
        self._dtype = dtype
        self._lock = threading.Lock()
        self._by_key: OrderedDict[str, _Cached] = OrderedDict()
        """Least recently used first."""

    def lease(self, entry: CatalogEntry) -> Lease:
        """A lease of a model; where it is not here its load is started. Never blocks."""
        with self._lock:
            key = self._key(entry)
            cached = self._by_key.get(key)
            absent = cached is None
            if cached is None:
                cached = self._by_key[key] = _Cached(entry)
            cached.leases += 1
            self._by_key.move_to_end(key)
        if absent:
            work = threading.Thread(
                target=self._fill, args=(cached,), name=f"load {entry.name}", daemon=True
            )
            try:
                work.start()
            except RuntimeError as error:  # the process may have no more threads
                self._failed(cached, error)
        return Lease(cached.loading, lambda: self._give_back(cached))

    def key(self, entry: CatalogEntry) -> str:
        """The same for entries that share one loaded model."""
        with self._lock:
            return self._key(entry)

    def info(self, entry: CatalogEntry) -> ModelInfo | None:
        """The facts of a model under the entry's own name; None where it is not in memory."""
        with self._lock:
            cached = self._by_key.get(self._key(entry))
            backend = None if cached is None else cached.backend
        if backend is None:
            return None
        return replace(backend.info, name=entry.name, title=entry.title)

    def _key(self, entry: CatalogEntry) -> str:
        """The entry's own key, or that of a loaded model with the same weights in the precision
        that the entry asks for by another name: float32 is what `auto` gives on the CPU."""
        if entry.key in self._by_key:
            return entry.key
        wanted = entry.precision or self._dtype
        for key, cached in self._by_key.items():
            backend = cached.backend
            if backend is None or cached.entry.source != entry.source:
                continue
            here = backend.info
            on_cpu = here.device == "cpu"
            if here.dtype == ("float32" if wanted == "auto" and on_cpu else wanted):
                return key
        return entry.key

    def loaded(self) -> dict[str, ModelInfo]:
        """The models in memory, by the key of their entries."""
        with self._lock:
            backends = {key: each.backend for key, each in self._by_key.items()}
        return {key: each.info for key, each in backends.items() if each is not None}

    def _fill(self, cached: _Cached) -> None:
        entry = cached.entry
        try:
            dtype = entry.precision or self._dtype
            backend = self._load(entry.source, name=entry.name, device=self._device, dtype=dtype)
        # On a thread of its own: where SystemExit, or a panic of a tokenizer in Rust, ended it, all
        # who ask for the model would wait in vain.
        except BaseException as error:
            self._failed(cached, error)
            return
        cached.loading.set_result(backend)
        self._evict()

    def _failed(self, cached: _Cached, error: BaseException) -> None:
        """Tell all who wait, and forget it, so that the next request tries again."""
        entry = cached.entry
        with self._lock:
            del self._by_key[entry.key]
        cached.loading.set_exception(_as_told(error, entry))

    def _give_back(self, cached: _Cached) -> None:
        with self._lock:
            cached.leases -= 1
        self._evict()

    def _evict(self) -> None:
        gone: list[Backend] = []
        with self._lock:
            here = [
                (key, cached, backend)
                for key, cached in self._by_key.items()
                if (backend := cached.backend) is not None
            ]
            total = sum(backend.memory_bytes for _, _, backend in here)
            for key, cached, backend in here[:-1]:
                if total > self._budget and cached.leases == 0:
                    total -= backend.memory_bytes
                    del self._by_key[key]
                    gone.append(backend)
        for backend in gone:
            LOG.info("%s was let go to make room", backend.info.name)
            backend.close()


def _as_told(error: BaseException, entry: CatalogEntry) -> MavError:
    """The error for a client: that a model which the operator offers cannot be used is no fault of
    the client's."""
    if isinstance(error, ModelNotFound | UnusableModel) and entry.listed:
        return ModelLoadFailed(error.detail, field=error.field)
    if isinstance(error, MavError):
        return error
    name = entry.name
    LOG.error("loading %s failed", name, exc_info=error)
    return ModelLoadFailed(
        f"{name} failed to load with {type(error).__name__}; the server's log tells more.",
        field="model",
    )
