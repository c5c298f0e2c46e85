"""Cache of loaded models. Each is loaded once; the least recently used ones are unloaded."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Protocol

from mav_engine.backends import Backend
from mav_engine.backends.chat_server.chat_model import ChatModel
from mav_engine.backends.chat_server.servers import ChatEntry
from mav_engine.contract.events import ModelInfo
from mav_engine.errors import MavError, ModelLoadFailed, ModelNotFound, UnusableModel
from mav_engine.models.catalog import CatalogEntry

LOG = logging.getLogger("mav.api")
AnyModel = Backend | ChatModel
"""A model that is loaded, or one that another server has."""


class Load(Protocol):
    """Loads a backend; slow."""

    def __call__(self, source: str, *, name: str, device: str, dtype: str) -> Backend: ...


@dataclass(eq=False, slots=True)
class _Cached:
    entry: CatalogEntry
    loading: Future[AnyModel] = field(default_factory=Future)
    leases: int = 0

    def __post_init__(self) -> None:
        # A waiter that is cancelled does not cancel the load.
        self.loading.set_running_or_notify_cancel()

    @property
    def backend(self) -> AnyModel | None:
        """The model, if it is loaded."""
        done = self.loading.done() and self.loading.exception() is None
        return self.loading.result() if done else None


class Lease:
    """Keeps a model in memory until it is released."""

    def __init__(self, loading: Future[AnyModel], give_back: Callable[[], None]) -> None:
        self.loading = loading
        """The model, or the error of its load."""
        self._give_back = give_back
        self._held = threading.Lock()
        self._held.acquire()

    def release(self) -> None:
        """Release the model; may be called from any thread and repeatedly."""
        try:
            self._held.release()
        except RuntimeError:
            return
        self._give_back()


class ModelCache:
    """Loaded models within a byte budget. Safe to use from any thread and any event loop.

    A model in use, or the last one used, is never unloaded, so a model larger than the budget can
    still run.
    """

    def __init__(self, load: Load, *, budget: int, device: str, dtype: str) -> None:
        self._load = load
        self._budget = budget
        self._device = device
        self._dtype = dtype
        self._lock = threading.Lock()
        self._by_key: OrderedDict[str, _Cached] = OrderedDict()
        """Least recently used first."""
        self.hits = self.misses = 0
        """Leases of models that were loaded or being loaded, and of others."""

    def lease(self, entry: CatalogEntry) -> Lease:
        """Lease a model; starts to load it if necessary. Never blocks."""
        with self._lock:
            key = self._key(entry)
            cached = self._by_key.get(key)
            absent = cached is None
            if cached is None:
                cached = self._by_key[key] = _Cached(entry)
            self.hits, self.misses = self.hits + (not absent), self.misses + absent
            cached.leases += 1
            self._by_key.move_to_end(key)
        if absent and isinstance(entry, ChatEntry):
            cached.loading.set_result(entry.opened)
        elif absent:
            work = threading.Thread(
                target=self._fill, args=(cached,), name=f"load {entry.name}", daemon=True
            )
            try:
                work.start()
            except RuntimeError as error:  # the process cannot start more threads
                self._failed(cached, error)
        return Lease(cached.loading, lambda: self._give_back(cached))

    def key(self, entry: CatalogEntry) -> str:
        """A key that is equal for entries that share one loaded model."""
        with self._lock:
            return self._key(entry)

    def info(self, entry: CatalogEntry) -> ModelInfo | None:
        """The description of a loaded model under the entry's name; None if it is not loaded."""
        with self._lock:
            cached = self._by_key.get(self._key(entry))
            backend = None if cached is None else cached.backend
        if backend is None:
            return None
        return replace(backend.info, name=entry.name, title=entry.title)

    def _key(self, entry: CatalogEntry) -> str:
        """The entry's key, or that of an equal loaded model: `auto` on the CPU is float32."""
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
        """The loaded models by key."""
        with self._lock:
            backends = {key: each.backend for key, each in self._by_key.items()}
        return {key: each.info for key, each in backends.items() if each is not None}

    def sizes(self) -> tuple[int, int, int]:
        """Bytes of the loaded models, and of their prompts those that began like an earlier one and
        those that did not."""
        with self._lock:
            backends = [each.backend for each in self._by_key.values()]
        here = [each for each in backends if each is not None]
        counts = [getattr(each, "prefix_counts", (0, 0)) for each in here]
        hits, misses = sum(each[0] for each in counts), sum(each[1] for each in counts)
        return sum(each.memory_bytes for each in here), hits, misses

    def _fill(self, cached: _Cached) -> None:
        entry = cached.entry
        try:
            dtype = entry.precision or self._dtype
            backend = self._load(entry.source, name=entry.name, device=self._device, dtype=dtype)
        # Catches everything: if SystemExit or a Rust panic ended this thread, all requests for the
        # model would wait forever.
        except BaseException as error:
            self._failed(cached, error)
            return
        cached.loading.set_result(backend)
        self._evict()

    def _failed(self, cached: _Cached, error: BaseException) -> None:
        """Pass the error to all waiters, and drop the entry, so that the next request retries."""
        entry = cached.entry
        with self._lock:
            del self._by_key[entry.key]
        cached.loading.set_exception(_client_error(error, entry))

    def _give_back(self, cached: _Cached) -> None:
        with self._lock:
            cached.leases -= 1
        self._evict()

    def _evict(self) -> None:
        gone: list[AnyModel] = []
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
            LOG.info("unloaded %s to make room", backend.info.name)
            backend.close()


def _client_error(error: BaseException, entry: CatalogEntry) -> MavError:
    """The error for a client. A failing model that the operator offers is a server error."""
    if isinstance(error, ModelNotFound | UnusableModel) and entry.listed:
        return ModelLoadFailed(error.detail, field=error.field)
    if isinstance(error, MavError):
        return error
    name = entry.name
    LOG.error("loading %s failed", name, exc_info=error)
    return ModelLoadFailed(
        f"{name} failed to load with {type(error).__name__}; see the server's log.",
        field="model",
    )
