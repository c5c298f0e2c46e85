"""The `Backend` protocol: a loaded model with its tokenizer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

from mav_engine.contract.arrays import Floats
from mav_engine.contract.events import ModelInfo
from mav_engine.generation.capture import HookPoint
from mav_engine.settings import Message
from mav_engine.text.tokens import Vocabulary

if TYPE_CHECKING:
    from mav_engine.generation.loop import Session


class Backend(Protocol):
    """A loaded model with its tokenizer."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def memory_bytes(self) -> int:
        """Bytes of the weights and of the prefix cache."""

    @property
    def fingerprint(self) -> str:
        """Identifies the weights, tokenizer and dtype."""

    @property
    def vocabulary(self) -> Vocabulary: ...

    @property
    def eos_ids(self) -> Collection[int]:
        """Ids that end a text, as in `generate()`: those of the generation config, or else of the
        tokenizer. May be empty."""

    @property
    def chat_eos_ids(self) -> Collection[int]:
        """Ids that end a reply in a conversation: `eos_ids`, the tokenizer's own, and the one that
        the chat template writes after an assistant's turn. Optional; defaults to `eos_ids`."""

    def encode_prompt(self, prompt: str) -> list[int]:
        """Token ids of a text to continue, with the special tokens that the model expects."""

    def encode_messages(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of a conversation, up to the start of the assistant's turn.

        Raises:
            InvalidSettings: the model's chat template refuses the conversation.
        """

    def open(self, capture: Collection[HookPoint], max_length: int) -> Session:
        """Open a session for a text of at most `max_length` tokens that captures these points."""

    def activations(self, ids: Sequence[int], point: HookPoint) -> Floats | None:
        """[rows, len(ids), d_model] at every position of a text, computed outside of any run; rows
        as in `Step`, None if the model has no such vectors."""

    def calibration(self, point: HookPoint) -> Floats | None:
        """[rows, n_tokens, d_model] of the calibration text, cached."""

    def close(self) -> None:
        """Free the weights."""
