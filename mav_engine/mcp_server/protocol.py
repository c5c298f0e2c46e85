"""The tools behind the Model Context Protocol, by the package `mcp`."""

from __future__ import annotations

import logging
from functools import partial
from importlib.metadata import version
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as OfferedTool

from mav_engine.errors import MavError
from mav_engine.mcp_server.answers import Answer
from mav_engine.mcp_server.source import Source
from mav_engine.mcp_server.tools import TOOLS, Tool

LOG = logging.getLogger("mav.mcp")
INSTRUCTIONS = (
    "Measures the insides of small language models while they write. Call run first, then "
    "explain_token for the tokens that it reports as least certain."
)


def server_of(source: Source) -> Server[Any]:
    """An MCP server with the tools."""
    by_name = {tool.name: tool for tool in TOOLS}
    # A model is not loaded twice, and runs of one process share its processors anyway.
    one_at_a_time = anyio.CapacityLimiter(1)

    async def list_tools(
        _context: ServerRequestContext[Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=[_offered(tool) for tool in TOOLS])

    async def call_tool(
        context: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult:
        tool = by_name.get(params.name)
        if tool is None:
            return _failed(f"There is no tool named {params.name}. Tools: {', '.join(by_name)}.")

        def progress(done: float, total: float) -> None:
            anyio.from_thread.check_cancelled()
            anyio.from_thread.run(partial(context.session.report_progress, done, total))

        work = partial(tool.call, source, params.arguments or {}, progress)
        try:
            answer = await anyio.to_thread.run_sync(work, limiter=one_at_a_time)
        except MavError as error:
            return _failed(error.detail)
        except Exception:
            LOG.exception("the tool %s failed", tool.name)
            return _failed("The tool failed by a fault of its own, which its log describes.")
        return _answered(answer)

    return Server(
        "mav",
        version=version("mav-engine"),
        title="MAV",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def serve_standard_streams(source: Source) -> None:
    """Answer on standard input and output until the input ends."""

    async def serve() -> None:
        server = server_of(source)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(serve)


def _offered(tool: Tool) -> OfferedTool:
    return OfferedTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.takes,
        output_schema=tool.answers.model_json_schema(),
        # Nothing is changed; only runs without a seed differ from one another.
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )


def _answered(answer: Answer) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(text=answer.model_dump_json())],
        structured_content=answer.model_dump(mode="json"),
    )


def _failed(detail: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=detail)], is_error=True)
