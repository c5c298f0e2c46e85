"""A loaded transformers model as the engine's `Backend`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any

from mav_engine.backends.calibration import Calibration
from mav_engine.backends.hf.activations import activations_of
from mav_engine.backends.hf.architectures import fields_of, text_config
from mav_engine.backends.hf.fingerprint import fingerprint
from mav_engine.backends.hf.hooks import install
from mav_engine.backends.hf.introspect import ModelLayout, introspect
from mav_engine.backends.hf.length_scaling import reset_before_each_pass
from mav_engine.backends.hf.logit_lens import Lens, verified_lens
from mav_engine.backends.hf.quantization import memory_bytes, parameter_count
from mav_engine.backends.hf.session import TransformersSession
from mav_engine.backends.hf.shared_session import SharedSession
from mav_engine.backends.hf.verify_decoder import verified_decoder
from mav_engine.backends.inference.scheduler import Scheduler, no_batches
from mav_engine.backends.text_methods import TextMethods
from mav_engine.contract.arrays import Floats
from mav_engine.contract.events import ModelInfo
from mav_engine.defaults import PREFIX_BYTES
from mav_engine.generation.capture import HookPoint
from mav_engine.generation.loop import Session
from mav_engine.models.context_length import context_length
from mav_engine.probes import capabilities


class TransformersBackend(TextMethods):
    """Owns a model and a tokenizer; hooks stay registered until `close`.

    Without `prefix_bytes` there is no prefix cache and no decoder, and one run computes at a time.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        name: str,
        *,
        dtype: str | None = None,
        prefix_bytes: int | None = PREFIX_BYTES,
    ) -> None:
        config = text_config(model.config)
        stated = getattr(model.generation_config, "eos_token_id", None)
        super().__init__(tokenizer, name, stated, int(config.vocab_size))
        self._model = model
        self._layout = introspect(model, config)
        self.depends_on_length = self._layout.cache_strategy.whole_prompt
        """Whether prefilling a text gives other keys than decoding it token by token."""
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
        self._calibration = Calibration(self.encode_prompt, self.info, self.activations)

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint(self._model, self._tokenizer, self.info.dtype)

    @property
    def memory_bytes(self) -> int:
        kept = 0 if self._batch_decoder is None else self._batch_decoder.prefixes.nbytes
        return self._weight_bytes + kept

    @property
    def prefix_counts(self) -> tuple[int, int]:
        """Prompts that began like an earlier one, and those that did not."""
        prefixes = None if self._batch_decoder is None else self._batch_decoder.prefixes
        return (prefixes.hits, prefixes.misses) if prefixes else (0, 0)

    def open(self, capture: Collection[HookPoint], max_length: int) -> Session:
        given = (self._model, self._n_layers, capture)
        if self._batch_decoder is not None:
            return SharedSession(*given, self._batch_decoder, lens=self._lens, layout=self._layout)
        return TransformersSession(
            *given, max_length, scheduler=self._scheduler, lens=self._lens, layout=self._layout
        )

    def activations(self, ids: Sequence[int], point: HookPoint) -> Floats | None:
        return activations_of(self._model, self._n_layers, ids, point)

    def calibration(self, point: HookPoint) -> Floats | None:
        return self._calibration.at(point)

    def close(self) -> None:
        for hook in self._hooks:
            hook.remove()
        del self._calibration  # it refers to this backend
        self._model = self._batch_decoder = None


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
