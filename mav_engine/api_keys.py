"""API keys: who may use a server, and what for. Only their hashes are stored.

The file has an object with `version` and `keys`, each with `id`, `name`, `scopes`, `sha256` and
`created`. A key is 256 random bits, so one round of SHA-256 hides it: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mav_engine.errors import InvalidSettings, MavError, UnknownKey
from mav_engine.wording import did_you_mean, listed, shown

LOG = logging.getLogger("mav.api")
VERSION = 1
BEGINNING = "mav_"
"""Begins every key, so that scanners of repositories recognize one."""
SCOPES = {
    "run": "runs, tokens of a text, watching a run, completions of /v1",
    "compare": "comparisons",
    "models": "the list of models",
    "training": "watching a training",
    "metrics": "the metrics of the server",
}
MAX_NAME = 64
LOCK_S = 10.0
"""Seconds to wait for another program that changes the file."""


class KeysUnreadable(MavError):
    """The file exists and cannot be read, or is not one of keys."""

    code = "keys_unreadable"
    title = "The keys of this server cannot be read"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret."""

    id: str
    name: str
    scopes: tuple[str, ...]
    sha256: str
    created: str
    """ISO 8601, UTC."""


def default_path() -> Path:
    """Where the keys are unless MAV_KEYS_FILE says otherwise."""
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base, "mav", "keys.json").expanduser()


class KeyFile:
    """The keys in a file. Changes are seen without a restart.

    Args:
        path: the file; without one there are no keys.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] | None = None
        self._keys: list[ApiKey] = []

    def find(self, given: str) -> ApiKey | None:
        """The key that a client sent, or None.

        The time does not depend on how much of it is right.

        Raises:
            KeysUnreadable: the file cannot be read.
        """
        digest = _digest(given)
        found = None
        for key in self.all():
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found

    def all(self) -> list[ApiKey]:
        """All keys.

        Raises:
            KeysUnreadable: the file cannot be read.
        """
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen != self._seen:
                self._keys = _parsed(self._path.read_bytes())
                self._seen = seen
        except FileNotFoundError:
            self._keys, self._seen = [], None
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            self._seen = None
            LOG.error("the keys in %s cannot be read: %s", self._path, error)
            raise KeysUnreadable(
                "The file with the keys of this server cannot be read, so no key is accepted. Its "
                "operator finds the reason in the log."
            ) from None
        return self._keys

    def add(self, name: str, scopes: Iterable[str]) -> str:
        """Add a key, and return it: it cannot be read again.

        Raises:
            InvalidSettings: the name is taken or not usable, or a scope does not exist.
            KeysUnreadable: the file cannot be read.
            OSError: the file cannot be written; it is as before.
        """
        _check_name(name)
        wanted = _checked_scopes(scopes)
        key = BEGINNING + secrets.token_urlsafe(32)

        def with_one_more(keys: list[ApiKey]) -> list[ApiKey]:
            if any(each.name == name for each in keys):
                raise InvalidSettings(
                    f"There is a key named {shown(name)}. Choose another name, or revoke that key "
                    "first.",
                    field="name",
                )
            created = datetime.now(UTC).isoformat(timespec="seconds")
            return [*keys, ApiKey(secrets.token_hex(4), name, wanted, _digest(key), created)]

        self._change(with_one_more)
        return key

    def revoke(self, name: str) -> ApiKey:
        """Remove the key of this name or id.

        Raises:
            UnknownKey: there is none.
            KeysUnreadable: the file cannot be read.
            OSError: the file cannot be written; it is as before.
        """
        removed: list[ApiKey] = []

        def without(keys: list[ApiKey]) -> list[ApiKey]:
            removed.extend(each for each in keys if name in (each.name, each.id))
            if not removed:
                names = [each.name for each in keys]
                raise UnknownKey(
                    f"There is no key named {shown(name)}.{did_you_mean(name, names)}", field="name"
                )
            return [each for each in keys if each not in removed]

        self._change(without)
        return removed[0]

    def _change(self, change: Callable[[list[ApiKey]], list[ApiKey]]) -> None:
        with self._locked():
            content = {"version": VERSION, "keys": [asdict(each) for each in change(self.all())]}
            _replace(self._path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # Imported here: servers read, which needs no lock, since a file is replaced as a whole.
        from filelock import FileLock, Timeout

        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with FileLock(f"{self._path}.lock", timeout=LOCK_S, mode=0o600):
                yield
        except Timeout:
            raise InvalidSettings(
                f"Another program has held {self._path}.lock for {LOCK_S:.0f} seconds. Try again."
            ) from None


def _replace(path: Path, content: str) -> None:
    """Write a file that only its owner can read, as a whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _parsed(content: bytes) -> list[ApiKey]:
    """The keys in the content of a file; raises ValueError, TypeError or KeyError."""
    given: Any = json.loads(content)
    if given["version"] != VERSION:
        raise ValueError(f"version {given['version']!r} is not {VERSION}")
    keys = [ApiKey(**{**each, "scopes": tuple(each["scopes"])}) for each in given["keys"]]
    for key in keys:
        if not _is_hash(key.sha256) or not set(key.scopes) <= SCOPES.keys():
            raise ValueError(f"the key {key.id!r} is not valid")
    return keys


def _is_hash(text: object) -> bool:
    """Whether this is a SHA-256 in hexadecimal."""
    return isinstance(text, str) and len(text) == 64 and set(text) <= set("0123456789abcdef")


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise InvalidSettings(
            f"The name of a key is 1 to {MAX_NAME} printable characters, not {shown(name)}.",
            field="name",
        )


def _checked_scopes(given: Iterable[str]) -> tuple[str, ...]:
    scopes = tuple(dict.fromkeys(given))
    for scope in scopes:
        if scope not in SCOPES:
            raise InvalidSettings(
                f"There is no scope {shown(scope)}.{did_you_mean(scope, SCOPES)} There are "
                f"{listed(SCOPES)}.",
                field="scope",
            )
    if not scopes:
        raise InvalidSettings(f"A key needs a scope: {listed(SCOPES)}.", field="scope")
    return scopes
