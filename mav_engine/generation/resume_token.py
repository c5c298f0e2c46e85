"""The resume token: a run that was cut short, sealed so that a client can hand it back.

    mav1.<what the run was, zlib-compressed JSON>.<HMAC-SHA256 of that>    (URL-safe base64)

It holds the run's settings with its seed, the ids written so far, and which model wrote them. It
is signed, not secret: a client could read it, but cannot make or change one. What the run drew at
random follows from the seed and the number of tokens, so no random state is kept.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from mav_engine.errors import InvalidSettings, ResumeRefused
from mav_engine.settings import ADJUSTABLE, RunSettings

VERSION = "mav1"
"""Of what stands inside; other versions are refused."""
LIFETIME_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that was cut short: all that going on with it needs."""

    settings: RunSettings
    """Those of the whole run, seed resolved."""
    fingerprint: str
    """Of the model that wrote it."""
    written: list[int]
    """The ids of its tokens so far."""
    prompt_ids: list[int] | None
    """Of a conversation, whose template may render otherwise on another day."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The key that signs tokens, and how long they hold."""

    key: bytes = field(repr=False)
    lifetime_s: float = LIFETIME_S
    clock: Callable[[], float] = time.time
    """Seconds since 1970."""

    @classmethod
    def of(cls, secret: str | None, lifetime_s: float = LIFETIME_S) -> Seal:
        """The seal of a secret that several servers may share; without one, of this process."""
        if secret is None:
            return cls(secrets.token_bytes(32), lifetime_s)
        return cls(hashlib.sha256(secret.encode()).digest(), lifetime_s)

    def sign(self, unfinished: Unfinished) -> str:
        """The token of a run."""
        told = {
            "expires": int(self.clock() + self.lifetime_s),
            "fingerprint": unfinished.fingerprint,
            "prompt_ids": unfinished.prompt_ids,
            "written": unfinished.written,
            "settings": unfinished.settings.model_dump(mode="json"),
        }
        packed = zlib.compress(orjson.dumps(told), 9)
        return f"{VERSION}.{_to_text(packed)}.{_to_text(self._signature(packed))}"

    def read(self, token: str) -> Unfinished:
        """The run that a token was signed for.

        Raises:
            ResumeRefused: it was changed or signed elsewhere, has expired, or is no token.
        """
        version, _, rest = token.partition(".")
        payload, _, signature = rest.partition(".")
        if version != VERSION or not payload or not signature:
            raise _refused(
                f"resume is no token of this version ({VERSION}.….…). Give the whole text that "
                "done.resume held, or start a new run."
            )
        packed = _from_text(payload)
        # Nothing of what a stranger sent is unpacked before its signature is known to be ours.
        if not hmac.compare_digest(self._signature(packed), _from_text(signature)):
            raise _refused(
                "resume was changed on its way, or signed with another key: by another server, or "
                "by this one before it was started anew without MAV_SECRET. Start a new run."
            )
        told = orjson.loads(zlib.decompress(packed))
        late = self.clock() - told.pop("expires")
        if late >= 0:
            raise _refused(
                f"resume has expired {late:.0f} seconds ago. Start a new run; with the same seed "
                "and settings it writes the same tokens."
            )
        try:
            return Unfinished(**{**told, "settings": RunSettings(**told["settings"])})
        except (InvalidSettings, TypeError):
            raise _refused(
                "resume was signed by another version of MAV, with other settings. Start a new run."
            ) from None

    def _signature(self, packed: bytes) -> bytes:
        return hmac.digest(self.key, VERSION.encode() + packed, "sha256")


PROCESS_SEAL = Seal.of(None)
"""Of runs that nobody gave another: it holds for as long as the process."""


def take_up(
    asked: RunSettings, seal: Seal, *, most: int | None = None
) -> tuple[RunSettings, Unfinished | None]:
    """The settings to run, and the run that they continue, where they ask for that.

    The settings of a continued run are those of the whole of it: run from the beginning, they
    write what both parts write together.

    Args:
        asked: what a client sent.
        seal: of the tokens that are taken.
        most: new tokens at most, where the client names no number.

    Raises:
        ResumeRefused: the token is not to be trusted, has expired or is of another model.
        InvalidSettings: fewer new tokens are asked for than the run must still write.
    """
    if asked.resume is None:
        return asked, None
    before = seal.read(asked.resume)
    named = asked.model_fields_set
    if "model" in named and asked.model != before.settings.model:
        raise _refused(
            f"resume continues a run of {before.settings.model}, but model is {asked.model}; leave "
            "model away, or start a new run."
        )
    changes: dict[str, object] = {name: getattr(asked, name) for name in named & ADJUSTABLE}
    changes["max_new_tokens"] = len(before.written) + _more_tokens(asked, before, most)
    return before.settings.model_copy(update=changes), before


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
            f"max_new_tokens is {more}, but the min_new_tokens or forced_ids of the run that is "
            f"continued ask for {least} more; raise it to at least {least}.",
            field="max_new_tokens",
        )
    return more


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _from_text(text: str) -> bytes:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        data = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        data = b""
    # Bits that no byte needs could be changed unseen otherwise.
    return data if _to_text(data) == text else b""


def _refused(detail: str) -> ResumeRefused:
    return ResumeRefused(detail, field="resume")
