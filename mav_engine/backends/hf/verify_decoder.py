"""Verifies that a decoder computes the same as the model itself."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from mav_engine.backends.hf.architectures import fields_of
from mav_engine.backends.hf.decoders import decoder_for
from mav_engine.backends.hf.kv_cache import make_cache
from mav_engine.backends.hf.logit_lens import Lens
from mav_engine.backends.hf.session import TransformersSession
from mav_engine.backends.hf.shared_session import SharedSession
from mav_engine.backends.inference.batch_decoder import BatchDecoder, DecodeRequest
from mav_engine.backends.inference.kernels.int8 import rounds_activations
from mav_engine.generation.capture import HookPoint, Step
from mav_engine.models.context_length import context_length

_PROMPT_TOKENS = 6
_STEPS = 3
_ANY_CONTEXT = 4096
"""The assumed context length of a model that states none."""
_TOLERANCE = 1e-4
_ROUNDED_TOLERANCE = 0.1
"""Tolerance for activations rounded to int8, where the last bit of a sum may change the
rounding."""
_POINTS: tuple[HookPoint, ...] = ("resid", "mlp_out", "attn_out", "pattern")
_log = logging.getLogger(__name__)


def verified_decoder(
    model: Any, config: Any, n_layers: int, lens: Lens | None, prefix_bytes: int
) -> BatchDecoder | None:
    """The batch decoder of a model, if it has a decoder and every tensor agrees on a few tokens.

    Two texts of unequal length are prefilled one by one and then decoded side by side, once by the
    model's own pass and once by the decoder: one at the beginning of the context and one up to its
    last position. The latter starts at that position with an empty cache, so it costs no more than
    the first.
    """
    try:
        decoder = decoder_for(model, config)
        if decoder is None or not make_cache(model.config, 1)[1]:
            return None
        batch_decoder = BatchDecoder(
            decoder, prefix_bytes, has_lens=lens is not None, threads=torch.get_num_threads()
        )
        agrees = _agrees_with_general(batch_decoder, model, config, n_layers)
    except (AttributeError, IndexError, RuntimeError, TypeError, ValueError) as error:
        _log.info("%s uses its own forward pass: %r", type(model).__name__, error)
        return None
    if not agrees:
        _log.info("%s uses its own forward pass: the decoder differs", type(model).__name__)
    return batch_decoder if agrees else None


def _agrees_with_general(
    batch_decoder: BatchDecoder, model: Any, config: Any, n_layers: int
) -> bool:
    # Ids from the whole vocabulary: untrained embedding rows are alike.
    ids = np.linspace(0, config.vocab_size - 1, _PROMPT_TOKENS + _STEPS).astype(int).tolist()
    half = _PROMPT_TOKENS // 2
    context = context_length(fields_of(config)) or _ANY_CONTEXT
    prompts = [
        (0, ids[:_PROMPT_TOKENS]),
        (max(0, context - half - _STEPS), ids[half:_PROMPT_TOKENS]),
    ]
    given = (model, n_layers, _POINTS)
    general = [
        TransformersSession(*given, len(ids), scheduler=batch_decoder.scheduler) for _ in prompts
    ]
    written = [SharedSession(*given, batch_decoder) for _ in prompts]
    tolerance = _ROUNDED_TOLERANCE if rounds_activations(model) else _TOLERANCE
    agree = True
    for one, other, (first, prompt) in zip(general, written, prompts, strict=True):
        one.first_position = other.slot.first_position = first
        agree &= _agree(one.prefill(prompt).step, other.prefill(prompt).step, tolerance)
        # Prefixes start at position 0, so these must not stay in the prefix cache.
        batch_decoder.prefixes.clear()
    agree = agree and all(
        isinstance(step, Step) and _agree(session.step(token_id), step, tolerance)
        for token_id in ids[_PROMPT_TOKENS:]
        for session, step in zip(general, _stepped(batch_decoder, written, token_id), strict=True)
    )
    for session in written:
        session.close()
    batch_decoder.prefixes.clear()
    return agree


def _stepped(
    batch_decoder: BatchDecoder, sessions: Sequence[SharedSession], token_id: int
) -> list[Step | Exception]:
    return batch_decoder.decode(
        [DecodeRequest(token_id, session.slot, _POINTS) for session in sessions]
    )


def _agree(one: Step, other: Step, tolerance: float) -> bool:
    names = ("logits", *_POINTS)
    return all(_close(getattr(one, name), getattr(other, name), tolerance) for name in names)


def _close(one: np.ndarray | None, other: np.ndarray | None, tolerance: float) -> bool:
    if one is None or other is None:
        return one is other
    scale = float(np.abs(one).max()) or 1.0
    return one.shape == other.shape and bool(np.abs(one - other).max() <= tolerance * scale)
