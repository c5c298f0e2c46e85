"""The server's log: a line of text for each record, or a JSON object (structlog).

A record of a run has its id, also if it comes from the code that computes the run. Prompts, texts
and keys are never logged.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

from mav_engine.config import ServerConfig
from mav_engine.server.http.log_limit import RateLimit

RUN_ID: ContextVar[str | None] = ContextVar("run_id", default=None)
"""The run that the current thread computes."""
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure_logs(config: ServerConfig) -> None:
    """Write records to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(_json() if config.log_format == "json" else _Text())
    handler.addFilter(_with_run_id)
    handler.addFilter(RateLimit())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("mav").setLevel(config.log_level.upper())


def _with_run_id(record: logging.LogRecord) -> bool:
    run_id = RUN_ID.get()
    if run_id is not None and not hasattr(record, "run_id"):
        record.run_id = run_id
    return True


class _Text(logging.Formatter):
    """The message, followed by the fields of a record."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802, the name in logging
        """One line."""
        fields = "".join(
            f" {name}={value}" for name, value in vars(record).items() if name not in _USUAL
        )
        return f"{super().formatMessage(record)}{fields}"


def _json() -> logging.Formatter:
    import structlog

    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(default=str),
        ],
    )
