"""The key of a request: `Authorization: Bearer KEY` (RFC 6750)."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers


def bearer_of(headers: Headers) -> str:
    """The key of a request; empty if it has none."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def is_equal(given: str, key: str) -> bool:
    """Whether a key is this one, in a time that does not depend on where they differ."""
    return hmac.compare_digest(_bytes(given), _bytes(key))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
