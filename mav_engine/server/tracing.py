"""Traces of requests and runs (OpenTelemetry), if the usual OTEL_* variables ask for them.

A request is a span, continued from its `traceparent`; its run is another, with the parts queue,
prefill and generate. Spans have names of models and numbers of tokens, but no text and no key.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import Scope

from mav_engine import __version__
from mav_engine.errors import InvalidSettings

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span

    from mav_engine.server.runs.run_progress import RunProgress

LOG = logging.getLogger("mav.api")
FLUSH_MS = 1000
"""Milliseconds for the last spans when the server stops."""
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def tracing_of(environment: Mapping[str, str]) -> Tracing | None:
    """The traces that the environment asks for, or None.

    Raises:
        InvalidSettings: the packages are missing, or the exporter is unknown.
    """
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    wanted = bool(exporter) or any(environment.get(name) for name in _ENDPOINTS)
    disabled = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if not wanted or disabled or exporter == "none":
        return None
    try:
        from opentelemetry.sdk.trace.export import (
            BatchSpanProcessor,
            ConsoleSpanExporter,
            SimpleSpanProcessor,
        )

        if exporter == "console":
            return Tracing(SimpleSpanProcessor(ConsoleSpanExporter()))
        if exporter in ("", "otlp"):
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            return Tracing(BatchSpanProcessor(OTLPSpanExporter()))
    except ImportError:
        raise InvalidSettings(
            "The environment asks for traces (OTEL_*), but their packages are not installed: "
            "pip install 'mav-engine[otel]'. OTEL_SDK_DISABLED=true turns them off.",
            field="OTEL_TRACES_EXPORTER",
        ) from None
    raise InvalidSettings(
        f"OTEL_TRACES_EXPORTER is {exporter!r}; this server has otlp, console and none.",
        field="OTEL_TRACES_EXPORTER",
    )


class Tracing:
    """Makes spans. Safe to use from any thread."""

    def __init__(self, processor: SpanProcessor) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider

        named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "mav"}
        self._provider = TracerProvider(
            resource=Resource.create({**named, "service.version": __version__}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("mav", __version__)

    @contextmanager
    def request(self, method: str, route: str, scope: Scope) -> Iterator[Span]:
        """The span of a request, while it is answered."""
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        before = TraceContextTextMapPropagator().extract(dict(Headers(scope=scope)))
        with self._tracer.start_as_current_span(
            f"{method} {route}",
            before,
            SpanKind.SERVER,
            {"http.request.method": method, "http.route": route},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield span

    def current(self) -> Context:
        """What a run belongs to."""
        from opentelemetry.context import get_current

        return get_current()

    def run_ended(self, record: RunProgress) -> None:
        """Make the spans of a run that has ended."""
        from opentelemetry.trace import Status, StatusCode, set_span_in_context

        context: Context | None = record.context
        ended_at = record.ended_at or record.queued_at
        run = self._tracer.start_span(
            "run",
            context,
            attributes={
                "mav.run_id": record.run_id,
                "mav.model": record.model,
                "mav.tokens": len(record.ids),
                "mav.end": record.ended_as,
            },
            start_time=_ns(record.queued_at),
        )
        if record.failed:
            run.set_status(Status(StatusCode.ERROR, record.ended_as))
        within = set_span_in_context(run, context)
        times = (record.queued_at, record.began_at, record.first_token_at, ended_at)
        for at, name in enumerate(("queue", "prefill", "generate")):
            start, end = times[at], times[at + 1]
            if start is None:
                break
            part = self._tracer.start_span(name, within, start_time=_ns(start))
            part.end(_ns(ended_at if end is None else end))
        run.end(_ns(ended_at))

    def close(self) -> None:
        """Send the last spans."""
        self._provider.force_flush(FLUSH_MS)


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)
