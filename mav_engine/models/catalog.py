"""Which models exist by name, and what can be told of them without loading them.

A client may only say a name that stands here; what the name leads to (a folder of this machine
or a hub name) is the operator's choice. No torch: `describe` reads the model's files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mav_engine.contract.events import ModelInfo
from mav_engine.errors import InvalidSettings, UnknownModel, UnusableModel
from mav_engine.models import EMBEDDED_DIR
from mav_engine.models.description import describe, problem
from mav_engine.models.folder import canonical, expanded, find_folder, is_folder, looks_like_path
from mav_engine.models.precision import Precision, split_precision
from mav_engine.settings import DEFAULT_MODEL
from mav_engine.wording import did_you_mean, listed, shortened, shown

MAX_NAME = 4096
"""Characters of a name: the longest path of Linux."""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A name that clients may say, and where its model is."""

    name: str
    source: str
    """A folder, or a name on the hub."""
    precision: Precision | None = None
    """The precision that the name asks for; None is the server's."""
    listed: bool = True
    """Whether the operator offers it; otherwise the client named it (`any_model`)."""

    @property
    def title(self) -> str:
        """The name for people: without the owner or the folders before it."""
        return self.name.rstrip("/").rpartition("/")[2]

    @property
    def key(self) -> str:
        """The same for the same weights in the same precision; as an operator may list it."""
        return self.source if self.precision is None else f"{self.source}@{self.precision}"

    def describe(self) -> ModelInfo:
        """What the model's files tell; null where only the loaded model knows."""
        told = describe(self.source, name=self.name)
        told.dtype = None if self.precision == "auto" else self.precision
        return told

    def problem(self) -> str | None:
        """Why it cannot be loaded, as far as its files show."""
        return problem(self.source)


class Catalog:
    """The models that may be named: the embedded ones, those of a folder, those listed.

    Where names collide the nearer to the operator wins: listed, then folder, then embedded.
    """

    def __init__(
        self,
        listed: Iterable[str] = (),
        *,
        models_dir: Path | None = None,
        any_model: bool = False,
        default: str | None = None,
    ) -> None:
        """Check what the operator listed.

        Args:
            listed: hub names or folders; a folder goes by its last name. With `@int8` or another
                precision behind it, the model is to be had in that one under that name.
            models_dir: each subfolder that holds a model goes by its name, and one that is
                dropped in later shows up.
            any_model: whether every other hub name and folder may be named too.
            default: the model of requests that name none; the embedded one if None.

        Raises:
            InvalidSettings: a folder is not there, or two models would share a name
                (field "models", "models_dir"); the default is not to be had ("default_model").
        """
        self._listed = _by_name(listed)
        self._models_dir = models_dir
        self._any_model = any_model
        if models_dir is not None and not models_dir.is_dir():
            raise InvalidSettings(f"{models_dir} is not a folder.", field="models_dir")
        self.default = default or DEFAULT_MODEL
        if default is not None:
            self._check_default(default)

    def entries(self) -> list[CatalogEntry]:
        """All models that are known by name now, in the order of their names."""
        return [entry for _, entry in sorted(self._entries().items())]

    def find(self, name: str) -> CatalogEntry:
        """The model of this name.

        Raises:
            UnknownModel: no model goes by it.
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
        told = f"Known here: {listed(sorted(known))}." if known else "None is known here."
        raise UnknownModel(f"There is no model named {shown(name)}.{hint} {told}", field="model")

    def _entries(self) -> dict[str, CatalogEntry]:
        in_dir = {} if self._models_dir is None else _models_in(self._models_dir)
        found = {
            name: CatalogEntry(name, at) for name, at in (_models_in(EMBEDDED_DIR) | in_dir).items()
        }
        known = found | self._listed
        # A precision of a model that is here by name: the source that is meant is that one's.
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


def _models_in(folder: Path) -> dict[str, str]:
    try:
        found = [path.parent for path in folder.glob("*/config.json")]
    except OSError:
        return {}
    return {path.name: canonical(str(path)) for path in found}


def entry_of(given: str) -> CatalogEntry:
    """The entry of a hub name or a folder, with or without a precision behind an @.

    Raises:
        InvalidSettings: it looks like a folder and is none, or there is no such precision (field
            "models").
    """
    # A folder may have an @ in its name.
    base, precision = (given, None) if is_folder(given) else split_precision(given)
    if not _is_path(base):
        return CatalogEntry(given, base, precision)
    try:
        folder = find_folder(base)
    except (UnknownModel, UnusableModel) as error:
        raise InvalidSettings(error.detail, field="models") from None
    name = expanded(base).resolve().name
    name = name if precision is None else f"{name}@{precision}"
    return CatalogEntry(name, str(folder), precision)


def _by_name(listed: Iterable[str]) -> dict[str, CatalogEntry]:
    entries: dict[str, CatalogEntry] = {}
    for entry in map(entry_of, listed):
        other = entries.setdefault(entry.name, entry)
        if other.source != entry.source:
            raise InvalidSettings(
                f"Two models are named {entry.name}: {other.source} and {entry.source}; "
                "rename one folder.",
                field="models",
            )
    return entries


def _is_path(given: str) -> bool:
    """Whether a folder is meant: it is there, or this cannot be a hub name."""
    return looks_like_path(given) or is_folder(given)


def _can_be_source(name: str) -> bool:
    return len(name) <= MAX_NAME and name.isprintable() and name == name.strip()
