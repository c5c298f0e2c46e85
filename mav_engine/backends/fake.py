"""A fake model for tests: fast and deterministic.

Its tokens are the 256 bytes and one end-of-text. Its numbers are random, seeded by position and
token.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from types import SimpleNamespace

import numpy as np

from mav_engine.contract.arrays import Floats
from mav_engine.contract.events import ModelInfo
from mav_engine.generation.capture import HookPoint, PrefillResult, Step
from mav_engine.probes import capabilities
from mav_engine.settings import Message
from mav_engine.text.plain_chat import plain_chat
from mav_engine.text.tokens import Vocabulary

_EOS = 256
_LAYERS, _HEADS, _D_MODEL = 3, 2, 8


class _ByteTokenizer:
    """The part of the tokenizer interface that `Vocabulary` uses."""

    added_tokens_decoder = {_EOS: SimpleNamespace(content="<|endoftext|>", special=True)}  # noqa: RUF012

    def __call__(self, text: str, **_: object) -> dict[str, list[int]]:
        return {"input_ids": list(text.encode())}

    def __len__(self) -> int:
        return _EOS + 1

    def convert_ids_to_tokens(self, token_id: int) -> str:
        return f"<0x{token_id:02X}>"

    def decode(self, ids: Sequence[int], **_: object) -> str:
        text = bytes(ids) if _EOS not in ids else bytes(i for i in ids if i != _EOS)
        return text.decode("utf-8", errors="replace")


class FakeSession:
    """Numbers from a generator seeded with the position and the last token."""

    def __init__(self, capture: Collection[HookPoint], on_step: Callable[[], None]) -> None:
        self._capture = capture
        self._on_step = on_step
        self._read = 0

    def prefill(self, ids: Sequence[int]) -> PrefillResult:
        self._read = len(ids) - 1
        guesses: list[float | None] = [None, *[-5.0] * (len(ids) - 1)]
        surprise: list[float | None] = [None, *[5.0] * (len(ids) - 1)]
        return PrefillResult(guesses, surprise, self._step(ids[-1]), self._map(len(ids)))

    def _map(self, length: int) -> Floats | None:
        if "full_pattern" not in self._capture:
            return None
        random = np.random.default_rng(length)
        weights = np.tril(random.random((_LAYERS, _HEADS, length, length), dtype=np.float32))
        shares: Floats = weights / weights.sum(-1, keepdims=True)
        return shares

    def prefetch(self, ids: Sequence[int]) -> None:
        """Does nothing."""

    def set_chooser(self, choose: Callable[[Step], int | None]) -> None:
        """Does nothing."""

    def step(self, token_id: int) -> Step:
        self._on_step()
        return self._step(token_id)

    def close(self) -> None:
        """Does nothing."""

    def _step(self, token_id: int) -> Step:
        self._read += 1
        random = np.random.default_rng([self._read, token_id])

        def rows(point: HookPoint, *shape: int) -> np.ndarray | None:
            wanted = point in self._capture
            return random.standard_normal(shape, dtype=np.float32) if wanted else None

        logits = random.standard_normal(_EOS + 1, dtype=np.float32)
        logits[ord("a") : ord("z") + 1] += 4
        logits[_EOS] -= 6
        weights = random.random((_LAYERS, _HEADS, self._read), dtype=np.float32)
        return Step(
            logits=logits,
            n_keys=self._read,
            elapsed_ms=0.0,
            resid=rows("resid", _LAYERS + 1, _D_MODEL),
            mlp_out=rows("mlp_out", _LAYERS, _D_MODEL),
            attn_out=rows("attn_out", _LAYERS, _D_MODEL),
            pattern=weights / weights.sum(-1, keepdims=True)
            if "pattern" in self._capture
            else None,
        )


class FakeBackend:
    """A loaded fake model; `on_step` is called before each step and may block."""

    memory_bytes = 1000
    eos_ids = chat_eos_ids = frozenset({_EOS})

    def __init__(
        self,
        name: str = "fake",
        *,
        context: int | None = 4096,
        on_step: Callable[[], None] = lambda: None,
    ) -> None:
        self.vocabulary = Vocabulary(_ByteTokenizer())
        self.fingerprint = name
        self.closed = False
        self._on_step = on_step
        self.info = ModelInfo(
            name=name,
            title="A model of random numbers",
            parameters=0,
            layers=_LAYERS,
            heads=_HEADS,
            kv_heads=_HEADS,
            d_model=_D_MODEL,
            vocabulary=_EOS + 1,
            context=context,
            dtype="float32",
            device="cpu",
            loaded=True,
            chat_template=False,
            capabilities=capabilities(["resid", "mlp_out", "attn_out", "pattern", "full_pattern"]),
        )

    def encode_prompt(self, prompt: str) -> list[int]:
        return self.vocabulary.encode(prompt, special=True)

    def encode_messages(self, messages: Sequence[Message]) -> list[int]:
        return self.encode_prompt(plain_chat(messages))

    def open(self, capture: Collection[HookPoint], max_length: int) -> FakeSession:  # noqa: ARG002
        return FakeSession(capture, self._on_step)

    def activations(self, ids: Sequence[int], point: HookPoint) -> Floats | None:
        if point not in ("resid", "mlp_out", "attn_out"):
            return None
        rows = _LAYERS + (point == "resid")
        random = np.random.default_rng(list(ids))
        return random.standard_normal((rows, len(ids), _D_MODEL), dtype=np.float32)

    def calibration(self, point: HookPoint) -> Floats | None:
        return self.activations(range(64), point)

    def close(self) -> None:
        self.closed = True
