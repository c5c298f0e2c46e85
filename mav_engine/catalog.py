"""Which models exist by name, and what can be told of them without loading them.

A client may only say a name that stands here; what the name leads to (a folder of this machine
or a hub name) is the operator's choice. No torch: `describe` reads the model's files.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mav_engine.errors import InvalidSettings, UnknownModel
from mav_engine.events import ModelInfo
from mav_engine.model_files import describe
from mav_engine.settings import DEFAULT_MODEL

EMBEDDED_DIR = Path(__file__).parent / "models"
"""The models that ship with MAV: each subfolder with a config.json."""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A name that clients may say, and where its model is."""

    name: str
    source: str
    """A folder, or a name on the hub."""

    def describe(self) -> ModelInfo:
        """What the model's files tell; null where only the loaded model knows."""
        return describe(self.source, name=self.name)


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
            listed: hub names or folders; a folder goes by its last name.
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
        return [CatalogEntry(name, source) for name, source in sorted(self._sources().items())]

    def find(self, name: str) -> CatalogEntry:
        """The model of this name.

        Raises:
            UnknownModel: no model goes by it.
        """
        sources = self._sources()
        if name in sources:
            return CatalogEntry(name, sources[name])
        if self._any_model and _can_be_source(name):
            return CatalogEntry(name, name)
        near = difflib.get_close_matches(name, sources, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        known = f"Known here: {', '.join(sorted(sources))}." if sources else "None is known here."
        raise UnknownModel(f"There is no model named {_shown(name)}.{hint} {known}", field="model")

    def _sources(self) -> dict[str, str]:
        in_dir = {} if self._models_dir is None else _models_in(self._models_dir)
        return _models_in(EMBEDDED_DIR) | in_dir | self._listed

    def _check_default(self, default: str) -> None:
        try:
            self.find(default)
        except UnknownModel as error:
            raise InvalidSettings(error.detail, field="default_model") from None


def _models_in(folder: Path) -> dict[str, str]:
    try:
        return {path.parent.name: str(path.parent) for path in folder.glob("*/config.json")}
    except OSError:
        return {}


def entry_of(given: str) -> CatalogEntry:
    """The entry of a hub name or a folder; a folder goes by its last name.

    Raises:
        InvalidSettings: it looks like a folder and is none (field "models").
    """
    if not _is_path(given):
        return CatalogEntry(given, given)
    folder = Path(given).expanduser().resolve()
    if not folder.is_dir():
        raise InvalidSettings(f"{given} is neither a folder here nor a hub name.", field="models")
    return CatalogEntry(folder.name, str(folder))


def _by_name(listed: Iterable[str]) -> dict[str, str]:
    sources: dict[str, str] = {}
    for entry in map(entry_of, listed):
        other = sources.setdefault(entry.name, entry.source)
        if other != entry.source:
            raise InvalidSettings(
                f"Two models are named {entry.name}: {other} and {entry.source}; "
                "rename one folder.",
                field="models",
            )
    return sources


def _is_path(given: str) -> bool:
    """Whether this can only be a folder: a hub name is `name` or `owner/name`."""
    return given.startswith((".", "/", "~")) or given.count("/") > 1 or Path(given).is_dir()


def _can_be_source(name: str) -> bool:
    return name.isprintable() and name == name.strip()


def _shown(name: str) -> str:
    return repr(name if len(name) <= 80 else name[:77] + "...")
