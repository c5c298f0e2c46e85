"""What the engine asks of a model, whatever runs it."""

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


DEFAULT_PREFIX_BYTES = 256 * 1024**2
"""What a model may keep of the texts it has read, for runs that begin likewise."""


class Backend(Protocol):
    """A loaded model with its tokenizer."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def memory_bytes(self) -> int:
        """What the weights take, and what is kept of the texts that were read."""

    @property
    def fingerprint(self) -> str:
        """The same for the same weights, tokenizer and number type, and for no others."""

    @property
    def vocabulary(self) -> Vocabulary: ...

    @property
    def eos_ids(self) -> Collection[int]:
        """Ids that end a text, as `generate()` takes them: of the generation config, else of the
        tokenizer; empty where the model has none."""

    @property
    def chat_eos_ids(self) -> Collection[int]:
        """Ids that end a reply in a conversation: those that end a text, the tokenizer's own and
        the one that the chat template writes after an assistant's turn. Backends without this
        attribute have `eos_ids` for both."""

    def encode_prompt(self, prompt: str) -> list[int]:
        """Token ids of a text to continue, with what the model expects around a text."""

    def encode_messages(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of a conversation that waits for the assistant's turn.

        Raises:
            InvalidSettings: the model's chat template refuses the conversation.
        """

    def open(self, capture: Collection[HookPoint], max_length: int) -> Session:
        """Begin to read a text of at most `max_length` tokens, capturing these points."""

    def activations(self, ids: Sequence[int], point: HookPoint) -> Floats | None:
        """[rows, len(ids), d_model] at every position of a text of its own, read apart from
        every run; rows as in `Step`, None where the model has no such vectors."""

    def calibration(self, point: HookPoint) -> Floats | None:
        """The same of the calibration text, [rows, n_tokens, d_model]; read once and kept."""

    def close(self) -> None:
        """Let the weights go."""
