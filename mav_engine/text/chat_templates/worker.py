"""Renders chat templates; run as a script in a separate process.

A template is part of a model's files and may loop forever or build gigabytes of text. Here it can
only end this process: memory and CPU time are limited, and the parent process kills it at a
deadline. Templates are rendered as by `apply_chat_template` of transformers, in the same sandbox
with the same filters and functions.

Requests and replies are lines of JSON. A request is `{"template", "variables", "conversations"}`;
its reply is a list with `{"text"}` or `{"error", "detail"}` for each conversation.

Does not import the package.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

MAX_DETAIL = 300
"""Most characters of an error in a reply."""


def main() -> None:
    """Answer requests until the input ends: `worker.py MEMORY_BYTES SECONDS CHARACTERS PATH…`."""
    memory, seconds, most = map(int, sys.argv[1:4])
    sys.path[:] = sys.argv[4:]
    _limit_memory(memory)
    renderer()
    _reply("ready")
    for line in sys.stdin.buffer:
        _limit_seconds(seconds)
        request = json.loads(line)
        _reply(
            [
                _answer(request["template"], request["variables"], each, most)
                for each in request["conversations"]
            ]
        )


def _reply(value: Any) -> None:
    sys.stdout.buffer.write(json.dumps(value).encode() + b"\n")
    sys.stdout.buffer.flush()


def _answer(
    template: str, variables: dict[str, Any], messages: list[dict[str, Any]], most: int
) -> dict[str, str]:
    try:
        pieces, length = [], 0
        for piece in renderer()(template).generate(messages=messages, **variables):
            length += len(piece)
            if length > most:
                return {"error": "too_long", "detail": f"more than {most} characters"}
            pieces.append(piece)
        return {"text": "".join(pieces)}
    except BaseException as error:
        return {"error": type(error).__name__, "detail": _said(error)}


def _said(error: BaseException) -> str:
    try:
        return str(error)[:MAX_DETAIL]
    except BaseException:
        return ""


@lru_cache(maxsize=1)
def renderer() -> Callable[[str], Any]:
    """A function that compiles a template as transformers does."""
    import jinja2
    from jinja2 import nodes
    from jinja2.ext import Extension, loopcontrols
    from jinja2.parser import Parser
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from jinja2.utils import Namespace

    class Generation(Extension):
        """`{% generation %}` marks assistant text; here its body is rendered unchanged."""

        tags = {"generation"}  # noqa: RUF012

        def parse(self, parser: Parser) -> nodes.Node:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            call = self.call_method("_body", [])
            return nodes.CallBlock(call, [], [], body).set_lineno(line)

        def _body(self, caller: Callable[[], str]) -> str:
            return caller()

    class PlainDict:
        """The function `dict` without the attributes of the class."""

        def __call__(self, *args: Any, **named: Any) -> dict[Any, Any]:
            return dict(*args, **named)

        def fromkeys(self, *args: Any, **named: Any) -> dict[Any, Any]:
            return dict.fromkeys(*args, **named)

    def checked(name: object) -> None:
        if isinstance(name, str) and name.startswith("_"):
            raise jinja2.exceptions.SecurityError(
                f"A chat template cannot set {name[:80]!r} in a namespace: it begins with _."
            )

    class PublicNamespace(Namespace):
        """A namespace without names that begin with an underscore."""

        def __init__(*args: Any, **named: Any) -> None:
            own, *given = args
            attributes = dict(*given, **named)
            for name in attributes:
                checked(name)
            Namespace.__init__(own, attributes)

        def __setitem__(self, name: str, value: Any) -> None:
            checked(name)
            Namespace.__setitem__(self, name, value)

    def raise_exception(message: str) -> None:
        raise jinja2.TemplateError(message)

    def tojson(
        value: Any,
        ensure_ascii: bool = False,
        indent: Any = None,
        separators: Any = None,
        sort_keys: bool = False,
    ) -> str:
        return json.dumps(
            value,
            ensure_ascii=ensure_ascii,
            indent=indent,
            separators=separators,
            sort_keys=sort_keys,
        )

    def strftime_now(pattern: str) -> str:
        return datetime.now().strftime(pattern)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals |= {
        "raise_exception": raise_exception,
        "strftime_now": strftime_now,
        "dict": PlainDict(),
        "namespace": PublicNamespace,
    }
    return lru_cache(maxsize=1)(environment.from_string)


def _limit_memory(limit: int) -> None:
    for name in _limits("RLIMIT_AS", "RLIMIT_DATA"):
        _set(name, limit)


def _limit_seconds(seconds: int) -> None:
    """Let the system end this process after this much CPU time from now."""
    for name in _limits("RLIMIT_CPU"):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        _set(name, int(used.ru_utime + used.ru_stime) + 1 + seconds)


def _limits(*names: str) -> Iterator[int]:
    """The resource limits of these names that exist on this system; none on Windows."""
    try:
        import resource
    except ImportError:
        return
    yield from (getattr(resource, name) for name in names if hasattr(resource, name))


def _set(name: int, limit: int) -> None:
    import resource

    _, most = resource.getrlimit(name)
    if most != resource.RLIM_INFINITY:
        limit = min(limit, most)
    try:
        resource.setrlimit(name, (limit, most))
    except (OSError, ValueError):  # macOS refuses some; the deadline still applies
        return


if __name__ == "__main__":
    main()
