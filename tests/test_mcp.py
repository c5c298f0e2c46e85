"""`mav mcp`: what an assistant's program gets from the tools, over the real protocol."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.client import Client
from mcp.client.stdio import stdio_client
from mcp.types import CallToolResult

from mav_engine import RunSettings, collect, run
from mav_engine.backends.fake import FakeBackend
from mav_engine.compare.events import CompareEvent
from mav_engine.compare.settings import CompareSettings
from mav_engine.config import ServerConfig
from mav_engine.contract.events import Event, Token
from mav_engine.contract.model_list import ModelList
from mav_engine.mcp_server.protocol import server_of
from mav_engine.mcp_server.source import LocalModels, Source
from mav_engine.mcp_server.tools import SETTINGS
from mav_engine.server.app import create_app
from tests.mav_command import MAV
from tests.server.servers import PATIENCE_S, RealServer

PROMPT = "Once upon a time, there was a little girl named Lily. She loved to"


def with_process(use: Callable[[ClientSession], Awaitable[None]], *options: str) -> None:
    """Start `mav mcp` as an assistant's program does, and use it."""

    async def connect() -> None:
        started = StdioServerParameters(command=MAV[0], args=[*MAV[1:], "mcp", *options])
        async with stdio_client(started) as streams, ClientSession(*streams) as session:
            await session.initialize()
            await use(session)

    anyio.run(connect)


def with_source(source: Source, use: Callable[[Client], Awaitable[None]]) -> None:
    """Use the tools with this source, without a process."""

    async def connect() -> None:
        async with Client(server_of(source)) as client:
            await use(client)

    anyio.run(connect)


def answer(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content
    return found


def refusal(result: CallToolResult) -> str:
    assert result.is_error
    text: str = result.content[0].text  # type: ignore[union-attr]
    return text


def test_the_tools_run_explain_and_compare_with_the_engines_own_numbers() -> None:
    settings = {"prompt": PROMPT, "max_new_tokens": 6, "temperature": 0.8, "seed": 1}
    capture = ["residual", "mlp", "logit_lens", "attention_sources"]
    record = collect(run(RunSettings(**settings, capture=capture)))
    tokens = record.tokens

    async def use(session: ClientSession) -> None:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert set(tools) == {"run", "explain_token", "compare", "models"}
        assert set(tools["run"].input_schema["properties"]) == set(SETTINGS)

        async def call(name: str, **given: Any) -> dict[str, Any]:
            jsonschema.validate(given, tools[name].input_schema)
            return answer(await session.call_tool(name, given))

        ran = await call("run", **settings)
        assert ran["text"] == record.text
        assert ran["seed"] == 1
        assert ran["ended_by"] == "length"
        assert [each["text"] for each in ran["tokens"]] == [each.token.text for each in tokens]
        for sent, token in zip(ran["tokens"], tokens, strict=True):
            assert math.isclose(sent["prob"], math.exp(token.logprob), rel_tol=1e-5)
            assert math.isclose(sent["entropy"], token.entropy, rel_tol=1e-5)
            assert sent["rank"] == token.rank
        assert ran["least_certain"][0] == max(tokens, key=lambda each: each.entropy).index

        found = await call("explain_token", **settings, token=2)
        token = tokens[2]
        assert found["token"] == token.token.text
        assert found["text_before"].endswith("".join(each.text for each in tokens[:2]))
        assert [each["text"] for each in found["candidates"]] == [r.text for r in token.top[:10]]
        assert token.logit_lens is not None
        assert [each["rank_of_chosen"] for each in found["layers"]] == [
            row.rank for row in token.logit_lens
        ]
        resid, mlp = token.layers.resid_norm, token.layers.mlp_norm
        assert resid is not None
        assert mlp is not None
        for layer, sizes in enumerate(found["sizes"]):
            assert math.isclose(sizes["mlp"], mlp[layer] / resid[layer + 1], rel_tol=1e-4)
        assert token.attention_sources is not None
        strongest = token.attention_sources.positions[3]
        assert strongest is not None
        of_layer = [each for each in found["attention"] if each["layer"] == 3]
        assert [each["position"] for each in of_layer] == strongest
        assert found["does_not_show"]
        assert f"{100 * math.exp(token.logprob):.3g} %" in found["summary"][0]

        sides = {"a": settings, "b": {**settings, "seed": 2}}
        compared = await call("compare", **sides, mode="own")
        assert compared["text_a"] == record.text
        assert compared["first_difference"] == next(
            step["index"] for step in compared["tokens"] if step["a"] != step["b"]
        )
        assert compared["tokens"][0]["kl"] == pytest.approx(0, abs=1e-9)

        listed = await call("models")
        assert listed["default"] == "mav-tiny"
        assert "mav-tiny" in [each["name"] for each in listed["models"]]

    with_process(use)


def test_a_refusal_names_the_argument_and_the_remedy() -> None:
    async def use(session: ClientSession) -> None:
        async def refused(name: str, **given: Any) -> str:
            return refusal(await session.call_tool(name, given))

        assert "Did you mean prompt?" in await refused("run", promt="x")
        assert "top_p" in await refused("run", prompt="x", top_p=2)
        assert "give prompt" in await refused("run")
        assert "max_new_tokens" in await refused("explain_token", prompt="x", token=64)
        assert "whole number from 0" in await refused("explain_token", prompt="x", token=-1)
        assert "whole number from 0" in await refused("explain_token", prompt="x")
        assert "models lists them" in await refused("run", prompt="x", model="/etc")
        assert "Run b: top_k" in await refused(
            "compare", a={"prompt": "x"}, b={"prompt": "x", "top_k": -1}
        )
        unknown = await refused("compare", a={"prompt": "x", "capture": []}, b={"prompt": "x"})
        assert "Run a: There is no argument named capture" in unknown
        assert "b is missing" in await refused("compare", a={"prompt": "x"})
        assert "takes no arguments" in await refused("models", all=True)
        assert "There is no tool named draw" in await refused("draw")
        # The process still answers.
        assert answer(await session.call_tool("run", {"prompt": "x", "max_new_tokens": 1}))[
            "tokens"
        ]

    with_process(use)


def test_a_token_after_the_end_of_the_text_is_refused() -> None:
    given = {"prompt": "The end.", "stop": [" "], "token": 9}
    record = collect(run(RunSettings(prompt="The end.", stop=[" "])))

    async def use(session: ClientSession) -> None:
        refused = refusal(await session.call_tool("explain_token", given))
        assert f"ended after {len(record.tokens)} new tokens" in refused

    with_process(use)


def test_models_of_a_server() -> None:
    async def use(session: ClientSession) -> None:
        ran = answer(await session.call_tool("run", {"prompt": PROMPT, "max_new_tokens": 4}))
        local = collect(run(RunSettings(prompt=PROMPT, max_new_tokens=4)))
        assert ran["text"] == local.text
        assert answer(await session.call_tool("models", {}))["default"] == "mav-tiny"
        given = {"prompt": PROMPT, "max_new_tokens": 4, "token": 1}
        assert answer(await session.call_tool("explain_token", given))["layers"]
        sides = {key: {"prompt": "x", "max_new_tokens": 2} for key in "ab"}
        assert answer(await session.call_tool("compare", sides))["first_difference"] is None

    server = RealServer(create_app(ServerConfig()))
    try:
        with_process(use, "--server", server.url)
    finally:
        server.stop()


def test_a_server_that_is_not_there_is_named() -> None:
    async def use(session: ClientSession) -> None:
        refused = refusal(await session.call_tool("run", {"prompt": "x"}))
        assert "http://127.0.0.1:9" in refused

    with_process(use, "--server", "http://127.0.0.1:9")


class Endless:
    """Its runs do not end by themselves."""

    def __init__(self) -> None:
        self.begun, self.closed = threading.Event(), threading.Event()
        backend = FakeBackend(context=None)
        self._models = ModelList(default="fake", models=[backend.info], training=False)
        self._local = LocalModels(lambda: self._models, lambda _: backend, "fake")

    def models(self) -> ModelList:
        return self._models

    def capabilities(self, model: str) -> list[str]:
        return list(self._local.capabilities(model))

    def run(self, settings: RunSettings) -> Generator[Event, None, None]:
        try:
            for event in self._local.run(settings):
                if isinstance(event, Token):
                    while True:
                        self.begun.set()
                        yield event
                yield event
        finally:
            self.closed.set()

    def compare(self, settings: CompareSettings) -> Generator[CompareEvent, None, None]:
        yield from self._local.compare(settings)


def test_a_call_that_is_cancelled_ends_its_run() -> None:
    source = Endless()

    async def use(client: Client) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(client.call_tool, "run", {"prompt": "x"}))
            await anyio.to_thread.run_sync(source.begun.wait)
            tasks.cancel_scope.cancel()
        assert await anyio.to_thread.run_sync(source.closed.wait, PATIENCE_S)
        assert answer(await client.call_tool("models", {}))["default"] == "fake"

    with_source(source, use)


def test_a_model_without_some_part_is_explained_by_the_others() -> None:
    backend = FakeBackend()
    listed = ModelList(default="", models=[backend.info], training=False)

    async def use(client: Client) -> None:
        given = {"prompt": "x", "max_new_tokens": 3, "min_new_tokens": 3, "token": 1}
        found = answer(await client.call_tool("explain_token", given))
        assert found["layers"] is None
        assert found["sizes"] is not None
        assert not [line for line in found["summary"] if "lens" in line]

    with_source(LocalModels(lambda: listed, lambda _: backend, "fake"), use)


def test_a_fault_of_the_tool_shows_no_path_and_the_next_call_works(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listed = ModelList(default="fake", models=[FakeBackend().info], training=False)

    def load(_: str) -> FakeBackend:
        raise ZeroDivisionError(str(Path(__file__)))

    async def use(client: Client) -> None:
        refused = refusal(await client.call_tool("run", {"prompt": "x"}))
        assert "fault of its own" in refused
        assert str(Path(__file__).parent) not in refused
        assert answer(await client.call_tool("models", {}))["default"] == "fake"

    with_source(LocalModels(lambda: listed, load, "fake"), use)
    assert "ZeroDivisionError" in caplog.text


def test_without_the_package_the_command_says_what_to_install() -> None:
    hidden = "import sys; sys.modules['mcp'] = None; from mav_engine.cli import main; main(['mcp'])"
    done = subprocess.run(
        [sys.executable, "-c", hidden], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "mav: mav mcp needs the package mcp, which is not installed: pip install 'mav-engine[mcp]'."
    ]
