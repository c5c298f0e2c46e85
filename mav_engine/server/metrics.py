"""Counts what a server does; `/api/metrics` has it in the text format of Prometheus.

Counting needs no package. `prometheus_client` is imported for the first request of the metrics.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from mav_engine.server.http.problems import NotFound

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from mav_engine.server.runs.run_progress import RunProgress

TEXT = "text/plain; version=0.0.4; charset=utf-8"
MODELS = 50
"""Most models that are counted by name; further ones are `other`."""
OTHER = "other"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
RATES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


@dataclass(frozen=True, slots=True)
class State:
    """What is so at the moment."""

    runs_active: int = 0
    runs_waiting: int = 0
    models_loaded: int = 0
    model_bytes: int = 0
    """Weights and prefix caches."""
    run_bytes: int = 0
    """What active runs may need."""
    run_bytes_limit: int | None = None
    model_cache: tuple[int, int] = (0, 0)
    """Runs that found their model loaded, and those that did not."""
    prefix_cache: tuple[int, int] = (0, 0)
    """Prompts that began like an earlier one, and those that did not."""


@dataclass(slots=True)
class _Histogram:
    bounds: tuple[float, ...]
    counts: list[int] = field(init=False)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """The counts up to each bound, as Prometheus has them."""
        found, so_far = [], 0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            so_far += count
            found.append((bound, float(so_far)))
        return found


class Metrics:
    """The counters of one server. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: set[str] = set()
        self._first_token: dict[str, _Histogram] = {}
        self._wait: dict[str, _Histogram] = {}
        self._speed: dict[str, _Histogram] = {}
        self._tokens: Counter[str] = Counter()
        self._runs: Counter[tuple[str, str]] = Counter()
        self._requests: Counter[tuple[str, str, str]] = Counter()

    def answered(self, method: str, route: str, status: int) -> None:
        """Count a request."""
        with self._lock:
            self._requests[method, route, str(status)] += 1

    def run_ended(self, record: RunProgress) -> None:
        """Count a run."""
        with self._lock:
            model = self._named(record.model)
            self._runs[model, record.ended_as] += 1
            self._tokens[model] += len(record.ids)
            if record.began_at is not None:
                wait = self._wait.setdefault(model, _Histogram(SECONDS))
                wait.add(record.began_at - record.queued_at)
            if record.first_token_at is not None:
                first = self._first_token.setdefault(model, _Histogram(SECONDS))
                first.add(record.first_token_at - record.queued_at)
            if record.tokens_per_second is not None:
                speed = self._speed.setdefault(model, _Histogram(RATES))
                speed.add(record.tokens_per_second)

    def text(self, state: Callable[[], State]) -> bytes:
        """All metrics.

        Raises:
            NotFound: the package for them is not installed.
        """
        if find_spec("prometheus_client") is None:
            raise NotFound("This server has no metrics: prometheus-client is not installed there.")
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=registry)
        registry.register(_Collected(lambda: self._collect(state())))
        return generate_latest(registry)

    def _named(self, model: str) -> str:
        if model not in self._names and len(self._names) >= MODELS:
            return OTHER
        self._names.add(model)
        return model

    def _collect(self, state: State) -> Iterator[Metric]:
        from prometheus_client.core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        limit = state.run_bytes_limit
        gauges = {
            "mav_runs_active": ("Active runs.", state.runs_active),
            "mav_runs_waiting": ("Runs in the queues.", state.runs_waiting),
            "mav_models_loaded": ("Models in memory.", state.models_loaded),
            "mav_model_bytes": ("Bytes of weights and prefix caches.", state.model_bytes),
            "mav_run_bytes": ("Bytes that active runs may need.", state.run_bytes),
            "mav_run_bytes_limit": (
                "Most bytes that active runs may need; 0 is no limit.",
                limit or 0,
            ),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(name, text, value)
        caches = {
            "mav_model_cache": ("Runs by whether their model was loaded.", state.model_cache),
            "mav_prefix_cache": (
                "Prompts by whether they began like an earlier one.",
                state.prefix_cache,
            ),
        }
        for name, (text, (hits, misses)) in caches.items():
            family = CounterMetricFamily(name, text, labels=["result"])
            family.add_metric(["hit"], hits)
            family.add_metric(["miss"], misses)
            yield family
        with self._lock:
            tokens = CounterMetricFamily("mav_tokens", "New tokens.", labels=["model"])
            for model, count in self._tokens.items():
                tokens.add_metric([model], count)
            runs = CounterMetricFamily(
                "mav_runs", "Runs that have ended, by reason or error.", labels=["model", "end"]
            )
            for labels, count in self._runs.items():
                runs.add_metric(labels, count)
            requests = CounterMetricFamily(
                "mav_requests", "Requests to the API.", labels=["method", "route", "status"]
            )
            for three, count in self._requests.items():
                requests.add_metric(three, count)
            yield from (tokens, runs, requests)
            histograms = {
                "mav_queue_seconds": ("From the request to the start of the run.", self._wait),
                "mav_first_token_seconds": (
                    "From the request to the first token.",
                    self._first_token,
                ),
                "mav_tokens_per_second": (
                    "Speed of a run after its first token.",
                    self._speed,
                ),
            }
            for name, (text, by_model) in histograms.items():
                histogram = HistogramMetricFamily(name, text, labels=["model"])
                for model, each in by_model.items():
                    histogram.add_metric([model], each.buckets(), each.total)
                yield histogram


def metrics_of(
    metrics: Metrics, state: Callable[[], State]
) -> Callable[[Request], Awaitable[Response]]:
    """Answers /api/metrics."""

    async def answer(_request: Request) -> Response:
        now = state()
        text = await anyio.to_thread.run_sync(metrics.text, lambda: now)
        return Response(text, headers={"Cache-Control": "no-store"}, media_type=TEXT)

    return answer


class _Collected:
    """Metrics for a registry."""

    def __init__(self, collect: Callable[[], Iterator[Metric]]) -> None:
        self._collect = collect

    def collect(self) -> Iterator[Metric]:
        return self._collect()
