"""The errors of chat servers. They name a server as the operator does, never its address."""

from __future__ import annotations

from mav_engine.errors import Busy, RunFailed


class ChatServerAway(Busy):
    code = "chat_server_unreachable"
    title = "The server of this model cannot be reached"


class ChatServerBusy(Busy):
    code = "chat_server_busy"
    title = "The server of this model is busy"


class ChatServerFailed(RunFailed):
    code = "chat_server_failed"
    title = "The server of this model failed"


class ChatServerRefused(RunFailed):
    code = "chat_server_refused"
    title = "The server of this model refuses the request"
