"""What each program with OpenAI's API adds to it: its sampling fields, tokenizer and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mav_engine.contract.model_info import Source

Tokenizer = Literal["vllm", "llama.cpp", "llama-cpp-python"]
"""The form of the requests that tokenize a text."""

MAX_SEED = 2**31 - 1
"""The largest seed: some servers read it as a 32-bit number."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One program."""

    kind: str
    title: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """The request's fields for settings beyond OpenAI's temperature, top_p, seed and max_tokens."""
    top_k_off: int = 0
    """The value of its top_k that turns it off."""
    as_generation_config: bool = False
    """Whether all sampling settings are sent as a generation config of transformers."""
    logprobs: bool = True
    """Whether it may report log-probabilities."""
    most_candidates: Mapping[Source, int] = field(
        default_factory=lambda: {"prompt": 20, "messages": 20}
    )
    """Most predictions that it reports for a token."""
    tokenizer: Tokenizer | None = None
    continue_reply: Mapping[str, object] | None = None
    """Fields with which it continues an assistant's message at the end of a conversation, instead
    of beginning a new one; None if it cannot."""
    long_limit: bool = False
    """Whether the limit of a chat is max_completion_tokens; max_tokens elsewhere."""

    @property
    def continues(self) -> list[Source]:
        """What it can continue after a given text."""
        return ["prompt"] if self.continue_reply is None else ["prompt", "messages"]


_REPEAT = {"top_k": "top_k", "repetition_penalty": "repeat_penalty"}
_LLAMA = {**_REPEAT, "min_p": "min_p"}
_MANY: dict[Source, int] = {"prompt": 100, "messages": 100}
_VLLM = {
    "top_k": "top_k",
    "min_p": "min_p",
    "repetition_penalty": "repetition_penalty",
    "min_new_tokens": "min_tokens",
}
_CONTINUE = {"continue_final_message": True, "add_generation_prompt": False}
_TRANSFORMERS = (
    "top_k", "min_p", "repetition_penalty", "no_repeat_ngram_size", "min_new_tokens",
)  # fmt: skip

OPENAI = Dialect("openai", "OpenAI", most_candidates={"prompt": 5, "messages": 20}, long_limit=True)
GENERIC = Dialect("other", "a server with OpenAI's API")
DIALECTS = {
    each.kind: each
    for each in (
        OPENAI,
        GENERIC,
        Dialect("ollama", "Ollama", continue_reply={}),
        Dialect("lmstudio", "LM Studio", _REPEAT, logprobs=False),
        Dialect(
            "llama.cpp", "llama.cpp", _LLAMA, most_candidates=_MANY, tokenizer="llama.cpp",
            continue_reply={},
        ),
        Dialect(
            "llama-cpp-python", "llama-cpp-python", {**_LLAMA, "min_new_tokens": "min_tokens"},
            most_candidates=_MANY, tokenizer="llama-cpp-python",
        ),
        Dialect(
            "vllm", "vLLM", _VLLM, top_k_off=-1, tokenizer="vllm", continue_reply=_CONTINUE
        ),
        Dialect(
            "sglang", "SGLang", _VLLM, top_k_off=-1, continue_reply={"continue_final_message": True}
        ),
        Dialect(
            "transformers", "transformers serve", {name: name for name in _TRANSFORMERS},
            as_generation_config=True, logprobs=False,
        ),
    )
}  # fmt: skip
"""By kind."""

OWNERS = {
    "vllm": "vllm",
    "sglang": "sglang",
    "llamacpp": "llama.cpp",
    "me": "llama-cpp-python",
    "library": "ollama",
    "organization_owner": "lmstudio",
    "openai": "openai",
    "openai-internal": "openai",
    "system": "openai",
}
"""The program by `owned_by` of its models."""
