"""What is told of a model, before it is loaded and after."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ConfigDict, with_config

SCHEMA = ConfigDict(
    use_attribute_docstrings=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True
)
"""How the types of the contract become JSON Schema."""


@with_config(SCHEMA)
@dataclass(slots=True)
class ModelInfo:
    """A model as `/api/models` tells it. What only the loaded model knows is null before."""

    name: str
    """The name to give as the setting `model`."""
    title: str
    """A name for people."""
    parameters: int | None
    """How many numbers were learned."""
    layers: int | None
    """How many layers (blocks); counted from 0 everywhere."""
    heads: int | None
    """Attention heads of a layer."""
    kv_heads: int | None
    """Heads that hold keys and values; fewer than heads where they are shared."""
    d_model: int | None
    """Length of the residual stream's vector."""
    vocabulary: int | None
    """How many tokens the model can say."""
    context: int | None
    """Tokens of prompt and text together at most; null where there is no limit."""
    dtype: str | None
    """Number type of the weights while running."""
    device: str | None
    """Where it runs."""
    loaded: bool
    """Whether it is in memory now."""
    chat_template: bool | None
    """Whether it brings a chat template of its own."""
    capabilities: list[str]
    """The probes that it can give."""
