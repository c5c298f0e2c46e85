"""The methods of a backend that need only its tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from mav_engine.backends.eos_ids import eos_ids, known_ids
from mav_engine.settings import Message
from mav_engine.text.chat_templates import ChatTemplate
from mav_engine.text.plain_chat import plain_chat
from mav_engine.text.tokens import Vocabulary


class TextMethods:
    """Base class of backends.

    Args:
        tokenizer: a tokenizer with the interface of transformers.
        name: the model's name.
        eos_token_id: of the generation config.
        vocabulary_size: the number of logits.
    """

    def __init__(
        self, tokenizer: Any, name: str, eos_token_id: object, vocabulary_size: int
    ) -> None:
        self._tokenizer = tokenizer
        self._vocabulary_size = vocabulary_size
        self._template = ChatTemplate.of(tokenizer, name)
        self.vocabulary = Vocabulary(tokenizer)
        self.eos_ids = eos_ids(eos_token_id, tokenizer.eos_token_id, vocabulary_size)

    @cached_property
    def chat_eos_ids(self) -> frozenset[int]:
        own = self._tokenizer.eos_token_id
        ends = set(self.eos_ids) if own is None else {*self.eos_ids, own}
        if self._template is not None:
            ids = self.vocabulary.added
            ends |= {ids[text] for text in self._template.turn_ends(ids)}
        return known_ids(ends, self._vocabulary_size)

    def encode_prompt(self, prompt: str) -> list[int]:
        return self.vocabulary.encode(prompt, special=True)

    def encode_messages(self, messages: Sequence[Message]) -> list[int]:
        if self._template is None:
            return self.vocabulary.encode(plain_chat(messages), special=True)
        # The rendered template contains the special tokens.
        ids = self.vocabulary.encode(self._template.text(messages), special=False)
        begin = getattr(self._tokenizer, "conversation_begin_id", None)
        return ids if begin is None or ids[:1] == [begin] else [begin, *ids]
