"""Reads JSON bodies, with limits and precise errors."""

from __future__ import annotations

import codecs

import anyio
from starlette.requests import ClientDisconnect, Request

from mav_engine.parsing.strict_json import JsonFault, parse_strictly
from mav_engine.server.http.problems import BodyTooLarge, NotJson, UnsupportedMediaType, late_body
from mav_engine.wording import shown

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


async def read_json(request: Request, max_bytes: int, timeout_s: float) -> object:
    """The JSON value of a request's body.

    Infinity and NaN become floats, so that the settings can name the field.

    Raises:
        UnsupportedMediaType: the Content-Type is not JSON, or the body is compressed.
        BodyTooLarge: the body exceeds the limit; nothing beyond it is read.
        TooSlow: the body has not arrived after `timeout_s` seconds.
        NotJson: the body is not JSON in UTF-8.
        InvalidSettings: an object has a duplicate name.
    """
    check_type(request, "application/json")
    return parse_json(await read_body(request, max_bytes, timeout_s))


def check_type(request: Request, wanted: str) -> None:
    """Check the type of a body. Pages of other sites can send other types without a preflight.

    Raises:
        UnsupportedMediaType: `field` is the invalid header.
    """
    given = request.headers.get("content-type", "")
    kind, *parameters = (part.strip().lower() for part in given.split(";"))
    if kind != wanted:
        sent = f"not {shown(kind)}" if kind else "but the request has no Content-Type"
        raise UnsupportedMediaType(
            f"The body must be {wanted}, {sent}. Send the header Content-Type: {wanted}.",
            field="Content-Type",
        )
    charset = next((each[8:].strip(' "') for each in parameters if each[:8] == "charset="), "utf-8")
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType(
            f"The body must be UTF-8, not {shown(charset)}.", field="Content-Type"
        )
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise UnsupportedMediaType(
            f"The body must not be compressed; its Content-Encoding is {shown(coding)}.",
            field="Content-Encoding",
        )


def parse_json(body: bytes) -> object:
    """The JSON value in these bytes; raises as `read_json` does."""
    if not body.strip():
        raise NotJson("The body is empty; send a JSON object with a prompt.", field="body")
    if body.startswith(_UTF_16) or b"\0" in body[:4]:
        raise NotJson("The body must be UTF-8, but it begins like UTF-16 or UTF-32.", field="body")
    try:
        return parse_strictly(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotJson(f"The body must be UTF-8; byte {error.start} is not.", field="body") from None
    except JsonFault as error:
        raise NotJson(str(error), field="body") from None


async def read_body(request: Request, max_bytes: int, timeout_s: float) -> bytes:
    """The bytes of a body; raises as `read_json` does, except for its type and content."""
    too_large = BodyTooLarge(
        f"The body is larger than {max_bytes} bytes; send a shorter prompt or fewer messages.",
        field="body",
    )
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > max_bytes:
        raise too_large
    body = bytearray()
    try:
        with anyio.fail_after(timeout_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > max_bytes:
                    raise too_large
    except TimeoutError:
        raise late_body(timeout_s) from None
    except ClientDisconnect:
        raise NotJson("The body is incomplete. Send the request again.", field="body") from None
    return bytes(body)
