"""Runs two models on one text: the second is forced to the first's text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mav_engine.compare import Compared, Divergence, SideEvent, compare_prepared
from mav_engine.contract.events import Error
from mav_engine.errors import InvalidSettings, RunFailed
from mav_engine.explore.explored_run import Exploration, ExploredRun
from mav_engine.results.result import RunRecord


def run_forced_pair(
    first: Exploration, second: Exploration, progress: Callable[[str], None]
) -> list[ExploredRun]:
    """Compute both to the end of the first's text.

    Args:
        progress: called with a message for each token.

    Raises:
        InvalidSettings: the vocabularies differ.
        RunFailed: a run failed.
    """
    records = {"a": RunRecord(), "b": RunRecord()}
    divergences: list[Divergence] = []
    compared: Compared | None = None
    try:
        events = compare_prepared(first.prepared, second.prepared, mode="forced")
    except InvalidSettings as error:
        raise _named(error, first.name, second.name) from None
    for event in events:
        if isinstance(event, SideEvent):
            records[event.side].add(event.event)
        elif isinstance(event, Divergence):
            divergences.append(event)
            progress(f"{first.name} and {second.name}: token {event.index + 1} …")
        elif isinstance(event, Compared):
            compared = event
        elif isinstance(event, Error):
            raise RunFailed(f"{event.title}: {event.detail}", field=event.field)
    return [
        first.finished(records["a"]),
        _forced_run(second, records["b"], first, divergences, compared),
    ]


def _forced_run(
    run: Exploration,
    record: RunRecord,
    first: Exploration,
    divergences: list[Divergence],
    compared: Compared | None,
) -> ExploredRun:
    if record.start is not None:
        # With these settings the run can be repeated without the other.
        written = [token.token.id for token in record.tokens]
        settings = record.start.settings.model_copy(update={"forced_ids": written})
        record.start = replace(record.start, settings=settings)
    return replace(
        run.finished(record), forced_to=first.name, divergences=divergences, compared=compared
    )


def _named(error: InvalidSettings, first: str, second: str) -> InvalidSettings:
    """The error with the models' names and this command's option."""
    if error.field != "mode":
        return error
    forced = f"{second} cannot be forced to the text of {first}:"
    detail = error.detail.replace("b cannot be forced to a's text:", forced)
    detail = detail.replace("Use the mode own.", "Use --compare-mode own.")
    return InvalidSettings(detail, field="compare_mode")
