"""Proof that the written-out step computes what the model itself computes."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from mav_engine.backends.transformers.decoding import Decoder, decoder_for
from mav_engine.backends.transformers.session import TransformersSession
from mav_engine.capture import HookPoint, Step

_PROMPT_TOKENS = 6
_STEPS = 3
_TOLERANCE = 1e-4
_POINTS: tuple[HookPoint, ...] = ("resid", "mlp_out", "attn_out", "pattern")
_log = logging.getLogger(__name__)


def proven_decoder(model: Any, config: Any, n_layers: int) -> Decoder | None:
    """The written-out step if the model has one and every tensor of a probe agrees with it."""
    try:
        decoder = decoder_for(model, config)
        if decoder is None or not _agrees_with_general(decoder, model, config, n_layers):
            return None
    except (AttributeError, IndexError, RuntimeError, TypeError) as error:
        _log.info("%s takes the general path: %r", type(model).__name__, error)
        return None
    return decoder


def _agrees_with_general(decoder: Decoder, model: Any, config: Any, n_layers: int) -> bool:
    # Ids from all over the vocabulary: rows of a table that were never learned are alike.
    ids = np.linspace(0, config.vocab_size - 1, _PROMPT_TOKENS + _STEPS).astype(int).tolist()
    general = TransformersSession(model, n_layers, _POINTS, len(ids))
    written = TransformersSession(model, n_layers, _POINTS, len(ids), decoder=decoder)
    general.prefill(ids[:_PROMPT_TOKENS])
    written.prefill(ids[:_PROMPT_TOKENS])
    for token_id in ids[_PROMPT_TOKENS:]:
        if not _agree(general.step(token_id), written.step(token_id)):
            _log.info("%s takes the general path: its step differs", type(model).__name__)
            return False
    return True


def _agree(one: Step, other: Step) -> bool:
    return all(_close(getattr(one, name), getattr(other, name)) for name in ("logits", *_POINTS))


def _close(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    if one is None or other is None:
        return one is other
    scale = float(np.abs(one).max()) or 1.0
    return one.shape == other.shape and bool(np.abs(one - other).max() <= _TOLERANCE * scale)
