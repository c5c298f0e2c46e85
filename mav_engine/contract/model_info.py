"""The description of a model, before and after it is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ConfigDict, with_config

SCHEMA = ConfigDict(
    use_attribute_docstrings=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True
)
"""JSON Schema settings of the contract's types."""


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
