"""The description of a model, before and after it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict, with_config

SCHEMA = ConfigDict(
    use_attribute_docstrings=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True
)
"""JSON Schema settings of the contract's types."""


Source = Literal["prompt", "messages"]
"""What a run begins with: a text to continue, or a conversation."""
Unavailable = Literal["layers", "vocabulary", "logprobs"]
"""Why a chat server cannot give a measurement: it sends nothing of the model's layers; nothing of
the tokens that are not among the likeliest; no log-probabilities."""


@with_config(SCHEMA)
@dataclass(slots=True)
class ChatServerInfo:
    """The server that runs a model, and what it can do. Its address is not part of it."""

    name: str
    """The operator's name for it."""
    kind: str
    """Which program it is, such as ollama; other if it is not known."""
    not_available: dict[str, Unavailable]
    """The probes that it cannot give, and why."""
    continues: list[Source]
    """Runs that may begin with `forced_texts`: a fork, for example."""
    tokenizes: list[Source]
    """Runs whose prompt event has the tokens of the prompt."""


@with_config(SCHEMA)
@dataclass(slots=True)
class ModelInfo:
    """A model in `/api/models`. Values that require the loaded model are null before it is
    loaded."""

    name: str
    """The value for the setting `model`."""
    title: str
    """A name for people."""
    parameters: int | None
    """Number of parameters."""
    layers: int | None
    """Number of layers (blocks)."""
    heads: int | None
    """Attention heads per layer."""
    kv_heads: int | None
    """Heads of keys and values; fewer than heads if they are shared."""
    d_model: int | None
    """Length of the residual stream's vector."""
    vocabulary: int | None
    """Size of the vocabulary."""
    context: int | None
    """Most tokens of prompt and text together; null if there is no limit."""
    dtype: str | None
    """Dtype of the loaded weights."""
    device: str | None
    """Its device."""
    loaded: bool
    """Whether it is in memory."""
    chat_template: bool | None
    """Whether it has a chat template."""
    capabilities: list[str]
    """The probes that it supports."""
    server: ChatServerInfo | None = None
    """The server with OpenAI's API that runs it; null if MAV itself does."""
