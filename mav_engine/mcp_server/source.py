"""Where the models of the tools are: on this machine, or at a MAV server."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from typing import TYPE_CHECKING, Protocol, TypeVar

from mav_engine.client.answers import failure_of
from mav_engine.compare.events import CompareEvent
from mav_engine.compare.settings import CompareSettings
from mav_engine.contract.events import Error, Event
from mav_engine.contract.model_list import ModelList
from mav_engine.errors import UnknownModel
from mav_engine.models.folder import canonical
from mav_engine.settings import DEFAULT_MODEL, RunSettings
from mav_engine.wording import did_you_mean, shown

if TYPE_CHECKING:
    from mav_engine.backends import Backend
    from mav_engine.client import Client

E = TypeVar("E")


class Source(Protocol):
    """Runs models. Closing an iterator of events ends its run."""

    def models(self) -> ModelList:
        """The models, and which is the default."""

    def capabilities(self, model: str) -> Collection[str]:
        """The probes that a model supports; loads it where that is known only then."""

    def run(self, settings: RunSettings) -> Generator[Event, None, None]:
        """The events of a run; a failure is raised."""

    def compare(self, settings: CompareSettings) -> Generator[CompareEvent, None, None]:
        """The events of a comparison; a failure is raised."""


class LocalModels:
    """The models of this machine. None is downloaded, and none is run that is not listed.

    Args:
        listed: the models that may be run.
        load: loads one by its name.
        default: the model of requests that name none.
    """

    def __init__(
        self,
        listed: Callable[[], ModelList],
        load: Callable[[str], Backend],
        default: str = DEFAULT_MODEL,
    ) -> None:
        self._listed = listed
        self._load = load
        self._default = default
        self._loaded: dict[str, Backend] = {}

    def models(self) -> ModelList:
        return self._listed().model_copy(update={"default": self._default})

    def capabilities(self, model: str) -> Collection[str]:
        return self._backend(model).info.capabilities

    def run(self, settings: RunSettings) -> Generator[Event, None, None]:
        from mav_engine.running.run import run

        for event in run(settings, backend=self._backend(settings.model)):
            yield _unless_failed(event)

    def compare(self, settings: CompareSettings) -> Generator[CompareEvent, None, None]:
        from mav_engine.compare.pair import compare

        names = settings.a.model, settings.b.model
        a = self._backend(names[0], beside=names[1])
        b = self._backend(names[1], beside=names[0])
        for event in compare(settings, backends=(a, b)):
            yield _unless_failed(event)

    def _backend(self, name: str, beside: str | None = None) -> Backend:
        """The loaded model; others are unloaded, except the one beside it."""
        model = canonical(name)
        if model not in self._loaded:
            self._check_listed(name)
            kept = {model} if beside is None else {model, canonical(beside)}
            for other in self._loaded.keys() - kept:
                del self._loaded[other]
            self._loaded[model] = self._load(name)
        return self._loaded[model]

    def _check_listed(self, name: str) -> None:
        listed = self._listed()
        known = [each.name for each in listed.models]
        if name in listed.problems:
            raise UnknownModel(f"{name} cannot be used: {listed.problems[name]}", field="model")
        plain = name.partition("@")[0]
        if name not in known and plain not in known:
            raise UnknownModel(
                f"There is no model named {shown(name)} on this machine."
                f"{did_you_mean(name, known)} The tool models lists them.",
                field="model",
            )


class ServerModels:
    """The models of a MAV server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def models(self) -> ModelList:
        return self._client.models()

    def capabilities(self, model: str) -> Collection[str]:
        found = (each for each in self.models().models if each.name == model)
        return next((each.capabilities for each in found), ())

    def run(self, settings: RunSettings) -> Generator[Event, None, None]:
        with self._client.run(settings) as events:
            yield from events

    def compare(self, settings: CompareSettings) -> Generator[CompareEvent, None, None]:
        with self._client.compare(settings.a, settings.b, settings.mode) as events:
            yield from events


def _unless_failed(event: E) -> E:
    """The event, unless it is an error."""
    if isinstance(event, Error):
        raise failure_of(event)
    return event
