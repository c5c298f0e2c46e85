"""Two models on one text: the second is forced to what the first writes, as that is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mav_engine.compare import Compared, Divergence, SideEvent, compare_prepared
from mav_engine.contract.events import Error
from mav_engine.errors import InvalidSettings, RunFailed
from mav_engine.explore.seen import Seen, SeenRun
from mav_engine.results.result import RunRecord


def follow(first: SeenRun, second: SeenRun, tell: Callable[[str], None]) -> list[Seen]:
    """Compute both to the end of the first's text.

    Args:
        tell: is told each token.

    Raises:
        InvalidSettings: the second has other tokens than the first.
        RunFailed: a run broke off.
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
            tell(f"{first.name} and {second.name}: token {event.index + 1} …")
        elif isinstance(event, Compared):
            compared = event
        elif isinstance(event, Error):
            raise RunFailed(f"{event.title}: {event.detail}", field=event.field)
    return [first.seen(records["a"]), _followed(second, records["b"], first, divergences, compared)]


def _followed(
    run: SeenRun,
    record: RunRecord,
    first: SeenRun,
    divergences: list[Divergence],
    compared: Compared | None,
) -> Seen:
    if record.start is not None:
        # So told, the run can be had again without the other.
        written = [token.token.id for token in record.tokens]
        settings = record.start.settings.model_copy(update={"forced_ids": written})
        record.start = replace(record.start, settings=settings)
    return replace(run.seen(record), follows=first.name, divergences=divergences, compared=compared)


def _named(error: InvalidSettings, first: str, second: str) -> InvalidSettings:
    """The same with the models' names and this command's option."""
    if error.field != "mode":
        return error
    forced = f"{second} cannot be forced to the text of {first}:"
    detail = error.detail.replace("b cannot be forced to a's text:", forced)
    detail = detail.replace("Use the mode own.", "Use --compare-mode own.")
    return InvalidSettings(detail, field="compare_mode")
