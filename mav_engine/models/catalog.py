"""The models that are available by name, and their descriptions before they are loaded.

Clients may only use names of the catalog; the operator decides which folder, file or hub model a
name means.
No torch: `describe` reads the model's files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mav_engine.contract.events import ModelInfo
from mav_engine.errors import InvalidSettings, UnknownModel, UnusableModel
from mav_engine.models import embedded_models, models_in
from mav_engine.models.description import describe, problem
from mav_engine.models.folder import canonical, expanded, find_model, is_path, looks_like_path
from mav_engine.models.precision import Precision, split_precision
from mav_engine.models.stores import OLLAMA
from mav_engine.settings import DEFAULT_MODEL
from mav_engine.wording import did_you_mean, listed, shortened, shown

MAX_NAME = 4096
"""Most characters of a name: the longest path of Linux."""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A name that clients may use, and the source of its model."""

    name: str
    source: str
    """A folder, a GGUF file, a model of Ollama, or a name on the hub."""
    precision: Precision | None = None
    """The precision in the name; None is the server's."""
    listed: bool = True
    """Whether the operator offers it; if not, a client named it (`any_model`)."""

    @property
    def title(self) -> str:
        """A display name without owner or parent folders."""
        return self.name.rstrip("/").rpartition("/")[2]

    @property
    def key(self) -> str:
        """Identifies the weights and precision."""
        return self.source if self.precision is None else f"{self.source}@{self.precision}"

    def describe(self) -> ModelInfo:
        """A description from the model's files; values that require loading are None."""
        described = describe(self.source, name=self.name)
        described.dtype = None if self.precision == "auto" else self.precision
        return described

    def problem(self) -> str | None:
        """Why it cannot be loaded, judging by its files; None if nothing is wrong."""
        return problem(self.source)


class Catalog:
    """The available models: embedded ones, those in a folder, and listed ones.

    If names collide, listed models win over those in the folder, and those over embedded ones.
    """

    def __init__(
        self,
        listed: Iterable[str] = (),
        *,
        models_dir: Path | None = None,
        any_model: bool = False,
        default: str | None = None,
        embedded: bool = True,
        remote: Callable[[], Mapping[str, CatalogEntry]] = dict,
    ) -> None:
        """Check the listed models.

        Args:
            listed: hub names, folders or GGUF files; a folder or file is named by the last part of
                its path, without .gguf. With `@int8` or another precision appended, the model is
                offered in that precision.
            models_dir: a folder of models; models that are added later are found too.
            any_model: whether all other hub names and folders are allowed.
            default: the model of requests that name none; if None, the embedded one, or the first
                by name if that is not offered.
            embedded: whether to offer the embedded models.
            remote: returns the models of chat servers, by name; they may change.

        Raises:
            InvalidSettings: a folder does not exist, or two models have the same name (field
                "models", "models_dir"); the default is not available ("default_model").
        """
        self._listed = _by_name(listed)
        self._models_dir = models_dir
        self._any_model = any_model
        self._embedded = embedded
        self._remote = remote
        if models_dir is not None and not models_dir.is_dir():
            raise InvalidSettings(f"{models_dir} is not a folder.", field="models_dir")
        self.default = default or (DEFAULT_MODEL if embedded else min(self._entries(), default=""))
        """The name of the default model; empty if no model is offered."""
        if default is not None:
            self._check_default(default)

    def entries(self) -> list[CatalogEntry]:
        """All models, sorted by name."""
        return [entry for _, entry in sorted(self._entries().items())]

    def find(self, name: str) -> CatalogEntry:
        """The model of this name.

        Raises:
            UnknownModel: there is none.
        """
        known = self._entries()
        if name in known:
            return known[name]
        if self._any_model and _can_be_source(name):
            return self._anything(name, known)
        hint = did_you_mean(name, known)
        base = name.rpartition("@")[0]
        if base in known:
            hint = f" The operator can offer it: mav serve --model {shortened(name)}."
        if not known:
            raise UnknownModel(
                "This server runs no model. Recordings can be opened without one.", field="model"
            )
        names = f"Known: {listed(sorted(known))}."
        raise UnknownModel(f"There is no model named {shown(name)}.{hint} {names}", field="model")

    def _entries(self) -> dict[str, CatalogEntry]:
        folders = embedded_models() if self._embedded else {}
        if self._models_dir is not None:
            folders |= models_in(self._models_dir)
        found = {
            name: CatalogEntry(name, canonical(str(folder))) for name, folder in folders.items()
        }
        known = {**self._remote(), **found, **self._listed}
        # A precision of a model in the catalog refers to that model's source.
        for entry in self._listed.values():
            if entry.precision is not None and entry.source in found:
                known[entry.name] = replace(entry, source=found[entry.source].source)
        return known

    def _anything(self, name: str, known: dict[str, CatalogEntry]) -> CatalogEntry:
        """Any folder or hub name, in any precision."""
        if _is_path(name):
            return CatalogEntry(name, canonical(name), listed=False)
        try:
            base, precision = split_precision(name)
        except InvalidSettings as error:
            raise UnknownModel(error.detail, field="model") from None
        source = known[base].source if base in known else canonical(base)
        return CatalogEntry(name, source, precision, listed=False)

    def _check_default(self, default: str) -> None:
        try:
            self.find(default)
        except UnknownModel as error:
            raise InvalidSettings(error.detail, field="default_model") from None


def entry_of(given: str) -> CatalogEntry:
    """The entry of a hub name, a folder or a GGUF file, with or without a precision behind an @.

    Raises:
        InvalidSettings: it is a path that does not exist, or the precision is unknown (field
            "models").
    """
    # The name of a folder or file may contain an @.
    base, precision = (given, None) if is_path(given) else split_precision(given)
    if not _is_path(base):
        return CatalogEntry(given, base, precision)
    try:
        path = find_model(base)
    except (UnknownModel, UnusableModel) as error:
        raise InvalidSettings(error.detail, field="models") from None
    if base.startswith(OLLAMA):
        return CatalogEntry(given, base, precision)
    if path is not None and path.is_file():
        name = path.name.removesuffix(".gguf")
    else:
        name = expanded(base).resolve().name
    name = name if precision is None else f"{name}@{precision}"
    return CatalogEntry(name, str(path), precision)


def _by_name(listed: Iterable[str]) -> dict[str, CatalogEntry]:
    entries: dict[str, CatalogEntry] = {}
    for entry in map(entry_of, listed):
        other = entries.setdefault(entry.name, entry)
        if other.source != entry.source:
            raise InvalidSettings(
                f"Two models are named {entry.name}: {other.source} and {entry.source}; "
                "rename one of them.",
                field="models",
            )
    return entries


def _is_path(given: str) -> bool:
    """Whether this is a path: it exists, or cannot be a hub name."""
    return looks_like_path(given) or is_path(given)


def _can_be_source(name: str) -> bool:
    return len(name) <= MAX_NAME and name.isprintable() and name == name.strip()
