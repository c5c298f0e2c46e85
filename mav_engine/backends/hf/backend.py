"""A loaded transformers model as the engine's `Backend`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any

from mav_engine.backends.base import DEFAULT_PREFIX_BYTES
from mav_engine.backends.calibration import (
    MAX_CALIBRATION_TOKENS,
    SURE_CALIBRATION_TOKENS,
    calibration_text,
)
from mav_engine.backends.hf.activations import Activations
from mav_engine.backends.hf.architectures import fields_of, text_config
from mav_engine.backends.hf.fingerprint import fingerprint
from mav_engine.backends.hf.hooks import install
from mav_engine.backends.hf.introspect import ModelLayout, examine
from mav_engine.backends.hf.length_scaling import reset_before_each_pass
from mav_engine.backends.hf.logit_lens import Lens, verified_lens
from mav_engine.backends.hf.quantization import memory_bytes, parameter_count
from mav_engine.backends.hf.session import TransformersSession
from mav_engine.backends.hf.shared_session import SharedSession
from mav_engine.backends.hf.verify_decoder import verified_decoder
from mav_engine.backends.inference.scheduler import Scheduler, no_batches
from mav_engine.contract.arrays import Floats
from mav_engine.contract.events import ModelInfo
from mav_engine.errors import UnusableModel
from mav_engine.generation.capture import HookPoint
from mav_engine.models.context_length import context_length
from mav_engine.probes import capabilities
from mav_engine.settings import Message
from mav_engine.text.chat_templates import ChatTemplate
from mav_engine.text.plain_chat import plain_chat
from mav_engine.text.tokens import Vocabulary
from mav_engine.wording import shown


class TransformersBackend:
    """Owns a model and a tokenizer that were loaded for it: hooks stay on until `close`.

    Without `prefix_bytes` nothing is kept of the weights or of what was read, and runs take turns.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        name: str,
        *,
        dtype: str | None = None,
        prefix_bytes: int | None = DEFAULT_PREFIX_BYTES,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        config = text_config(model.config)
        self._layout = examine(model, config)
        self.depends_on_length = self._layout.reading.whole_prompt
        """Whether reading a text at once gives other keys than reading it token by token."""
        self._n_layers = len(self._layout.parts.blocks)
        self._hooks = install(self._layout.parts) + reset_before_each_pass(model)
        self._lens = verified_lens(model, config, self._layout.parts)
        given = (model, config, self._n_layers, self._lens)
        self._batch_decoder = (
            None if prefix_bytes is None else verified_decoder(*given, prefix_bytes)
        )
        self._scheduler = (
            Scheduler(no_batches) if self._batch_decoder is None else self._batch_decoder.scheduler
        )
        self.vocabulary = Vocabulary(tokenizer)
        self._activations = Activations(model, self._n_layers, self._calibration_ids)
        self.eos_ids = _eos_ids(model, tokenizer)
        self._template = ChatTemplate.of(tokenizer, name)
        self._weight_bytes = memory_bytes(model)
        heads = getattr(config, "num_attention_heads", None)
        self.info = ModelInfo(
            name=name,
            title=name.rpartition("/")[2],
            parameters=parameter_count(model),
            layers=self._n_layers or getattr(config, "num_hidden_layers", None),
            heads=heads,
            kv_heads=getattr(config, "num_key_value_heads", None) or heads,
            d_model=getattr(config, "hidden_size", None),
            vocabulary=int(config.vocab_size),
            context=context_length(fields_of(config)),
            dtype=dtype or str(model.dtype).removeprefix("torch."),
            device=str(model.device),
            loaded=True,
            chat_template=self._template is not None,
            capabilities=capabilities(_points(self._layout, self._lens)),
        )

    @cached_property
    def chat_eos_ids(self) -> frozenset[int]:
        own = self._tokenizer.eos_token_id
        ends = set(self.eos_ids) if own is None else {*self.eos_ids, own}
        if self._template is not None:
            ids = self.vocabulary.added
            ends |= {ids[text] for text in self._template.turn_ends(ids)}
        return _known(ends, self._model)

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint(self._model, self._tokenizer, self.info.dtype)

    @property
    def memory_bytes(self) -> int:
        kept = 0 if self._batch_decoder is None else self._batch_decoder.prefixes.nbytes
        return self._weight_bytes + kept

    def encode_prompt(self, prompt: str) -> list[int]:
        return self.vocabulary.encode(prompt, special=True)

    def encode_messages(self, messages: Sequence[Message]) -> list[int]:
        if self._template is None:
            return self.vocabulary.encode(plain_chat(messages), special=True)
        # The template has written the special tokens already.
        return self.vocabulary.encode(self._template.text(messages), special=False)

    def open(self, capture: Collection[HookPoint], max_length: int) -> TransformersSession:
        given = (self._model, self._n_layers, capture)
        if self._batch_decoder is not None:
            return SharedSession(*given, self._batch_decoder, lens=self._lens, layout=self._layout)
        return TransformersSession(
            *given, max_length, scheduler=self._scheduler, lens=self._lens, layout=self._layout
        )

    def activations(self, ids: Sequence[int], point: HookPoint) -> Floats | None:
        return self._activations.read(ids, point)

    def calibration(self, point: HookPoint) -> Floats | None:
        return self._activations.calibration(point)

    def close(self) -> None:
        for hook in self._hooks:
            hook.remove()
        del self._activations
        self._model = self._batch_decoder = None

    def _calibration_ids(self) -> list[int]:
        most = min(MAX_CALIBRATION_TOKENS, self.info.context or SURE_CALIBRATION_TOKENS)
        ids = self.encode_prompt(calibration_text())
        # A tokenizer may have more tokens than the model has embeddings.
        size = self.info.vocabulary or 0
        return [token_id for token_id in ids if token_id < size][:most]


def _points(layout: ModelLayout, lens: Lens | None) -> set[HookPoint]:
    """The hook points that this model has."""
    has: dict[HookPoint, bool] = {
        "resid": layout.parts.residual,
        "mlp_out": any(layout.parts.mlps),
        "attn_out": any(layout.parts.attentions),
        "pattern": layout.has_pattern,
        "full_pattern": layout.has_pattern,
        "lens": lens is not None,
    }
    return {point for point, there in has.items() if there}


def _eos_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    """Ids that end a text, as `generate()` would take them.

    Raises:
        UnusableModel: the generation config gives something else than ids.
    """
    given = getattr(model.generation_config, "eos_token_id", None)
    if given is None:
        given = tokenizer.eos_token_id
    ids = [] if given is None else given if isinstance(given, list | tuple) else [given]
    if any(type(each) is not int for each in ids):
        raise UnusableModel(
            "eos_token_id of the generation config (generation_config.json) must be a token id or "
            f"a list of token ids, not {shown(given)}. Correct it or leave it out.",
            field="model",
        )
    return _known(ids, model)


def _known(ids: Iterable[int], model: Any) -> frozenset[int]:
    """Those ids that the model can predict: others never come, and some configurations hold -1 or
    an id of a larger vocabulary."""
    size = int(text_config(model.config).vocab_size)
    return frozenset(each for each in ids if 0 <= each < size)
