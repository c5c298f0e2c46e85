"""The resume token: a signed description of an unfinished run that a client can send back.

    mav1.<the run as zlib-compressed JSON>.<HMAC-SHA256 of it>    (URL-safe base64)

It contains the run's settings with the seed, the ids written so far, and the model's fingerprint.
It is signed, not encrypted: a client can read it, but cannot create or change one. The random state
follows from the seed and the number of tokens, so it is not stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from mav_engine.defaults import RESUME_LIFETIME_S
from mav_engine.errors import InvalidSettings, ResumeRefused
from mav_engine.settings import ADJUSTABLE, RunSettings

VERSION = "mav1"
"""Version of the format; others are refused."""
MAX_PAYLOAD = 16_000_000
"""Most bytes of a decompressed token whose signature is not verified."""
LEEWAY_S = 300.0
"""Most seconds after its expiry for which a token is still accepted: the clocks of the servers that
sign and read it may differ by so much. A shorter lifetime is doubled at most."""


class OtherKey(ResumeRefused):
    """The token was signed with another key, or changed."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An unfinished run: everything that is needed to resume it."""

    settings: RunSettings
    """The settings of the whole run, with the seed resolved."""
    fingerprint: str
    """Fingerprint of its model."""
    written: list[int]
    """Ids of its new tokens so far."""
    prompt_ids: list[int] | None
    """Ids of a rendered conversation, since a template may depend on the date; else None."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Signs and verifies tokens: a key and a lifetime."""

    key: bytes = field(repr=False)
    lifetime_s: float = RESUME_LIFETIME_S
    clock: Callable[[], float] = time.time
    """Returns seconds since 1970."""

    @classmethod
    def of(cls, secret: str | None, lifetime_s: float = RESUME_LIFETIME_S) -> Seal:
        """The seal of a secret, which several servers may share; without one, a random key."""
        if secret is None:
            return cls(secrets.token_bytes(32), lifetime_s)
        return cls(hashlib.sha256(secret.encode()).digest(), lifetime_s)

    def sign(self, unfinished: Unfinished) -> str:
        """The resume token of a run."""
        payload = {
            "expires": int(self.clock() + self.lifetime_s),
            "fingerprint": unfinished.fingerprint,
            "prompt_ids": unfinished.prompt_ids,
            "written": unfinished.written,
            "settings": unfinished.settings.model_dump(),
        }
        packed = zlib.compress(orjson.dumps(payload), 9)
        return f"{VERSION}.{_to_text(packed)}.{_to_text(self._signature(packed))}"

    def read(self, token: str) -> Unfinished:
        """The run of a token.

        Raises:
            OtherKey: the token was signed with another key, or changed.
            ResumeRefused: it is malformed or has expired.
        """
        version, _, rest = token.partition(".")
        payload, _, signature = rest.partition(".")
        if version != VERSION or not payload or not signature:
            raise _refused(
                f"resume is not a token of this version ({VERSION}.….…). Give the complete value "
                "of done.resume, or start a new run."
            )
        packed = _from_text(payload)
        # The signature is verified before anything is decompressed.
        if not hmac.compare_digest(self._signature(packed), _from_text(signature)):
            raise OtherKey(
                "resume was changed or signed with another key: by another server, or by this one "
                "before a restart without MAV_SECRET. Give the settings of the start event with "
                "the received ids as forced_ids instead, or start a new run.",
                field="resume",
            )
        payload = orjson.loads(zlib.decompress(packed))
        late = self.clock() - payload.pop("expires") - min(LEEWAY_S, self.lifetime_s)
        if late >= 0:
            raise _refused(
                f"resume expired {late:.0f} seconds ago. Start a new run; with the same seed "
                "and settings it writes the same tokens."
            )
        try:
            return Unfinished(**{**payload, "settings": RunSettings(**payload["settings"])})
        except (InvalidSettings, TypeError):
            raise _refused(
                "resume was signed by another version of MAV, with other settings. Start a new run."
            ) from None

    def _signature(self, packed: bytes) -> bytes:
        return hmac.digest(self.key, VERSION.encode() + packed, hashlib.sha256)


PROCESS_SEAL = Seal.of(None)
"""The default seal. Its tokens are valid in this process only."""


def model_of(token: str) -> str | None:
    """The model's name in a token, which is not verified; None if it cannot be read."""
    version, _, rest = token.partition(".")
    if version != VERSION:
        return None
    try:
        packed = _from_text(rest.partition(".")[0])
        payload = orjson.loads(zlib.decompressobj().decompress(packed, MAX_PAYLOAD))
        name = payload["settings"]["model"]
    except (ValueError, KeyError, TypeError, zlib.error):
        return None
    return name if isinstance(name, str) else None


def resolve(
    asked: RunSettings, seal: Seal, *, most: int | None = None
) -> tuple[RunSettings, Unfinished | None]:
    """The resolved settings of a run, and the run that they continue, if they do.

    The settings of a resumed run are those of the whole run: from the beginning, they give the
    tokens of both parts.

    Args:
        asked: the client's settings.
        seal: verifies the token.
        most: default of max_new_tokens.

    Raises:
        ResumeRefused: the token is invalid, has expired or is of another model.
        InvalidSettings: max_new_tokens is less than the run must still write.
    """
    if asked.resume is None:
        return asked.resolved(), None
    before = seal.read(asked.resume)
    named = asked.model_fields_set
    if "model" in named and asked.model != before.settings.model:
        raise _refused(
            f"resume continues a run of {before.settings.model}, but model is {asked.model}; leave "
            "out model, or start a new run."
        )
    changes: dict[str, object] = {name: getattr(asked, name) for name in named & ADJUSTABLE}
    changes["max_new_tokens"] = len(before.written) + _more_tokens(asked, before, most)
    return before.settings.model_copy(update=changes).resolved(), before


def _more_tokens(asked: RunSettings, before: Unfinished, most: int | None) -> int:
    run, written = before.settings, len(before.written)
    lacking = run.max_new_tokens - written
    more = asked.max_new_tokens
    if "max_new_tokens" not in asked.model_fields_set:
        more = lacking if lacking > 0 else more
        more = more if most is None else min(more, most)
    least = max(run.min_new_tokens, len(run.forced_ids)) - written
    if more < least:
        raise InvalidSettings(
            f"max_new_tokens is {more}, but min_new_tokens or forced_ids of the resumed run "
            f"require {least} more; raise it to at least {least}.",
            field="max_new_tokens",
        )
    return more


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _from_text(text: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
    # Other characters, and bits that no byte needs, could be changed unseen otherwise.
    return data if _to_text(data) == text else b""


def _refused(detail: str) -> ResumeRefused:
    return ResumeRefused(detail, field="resume")
