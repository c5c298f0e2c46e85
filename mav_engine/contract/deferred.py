"""Pydantic adapters that are built at their first use, since building takes a while.

Pydantic parses the sources of the types for their descriptions, which fails now and then on two
threads at once (https://github.com/python/cpython/issues/106905): so one thread builds at a time.
"""

from __future__ import annotations

import threading
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")
BUILDING = threading.RLock()
"""Held while types are built; also to be held by others that make JSON schemas of types."""


class Deferred(Generic[T]):
    """The adapter of a type.

    Args:
        kind: the type, which may be a union.
    """

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._built: TypeAdapter[T] | None = None

    @property
    def adapter(self) -> TypeAdapter[T]:
        """The adapter, built on the first thread that asks for it."""
        if self._built is None:
            with BUILDING:
                adapter = self._built or TypeAdapter[T](self._kind)
                adapter.rebuild()
                self._built = adapter
        return self._built
