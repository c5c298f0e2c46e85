"""`trace.json`: the fields of Model Interpret Explorer's trace, and what MAV measures besides."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from importlib.metadata import version
from typing import Any

import numpy as np
import orjson

from mav_engine.compare import Compared, Divergence
from mav_engine.contract.arrays import Floats
from mav_engine.contract.events import Candidate, Done, Token
from mav_engine.explore.attention import map_at, mean_of_heads, shown
from mav_engine.explore.seen import Seen, sampled_prob

_OF_TOKEN = ("position", "text", "forced", "logprob", "rank", "entropy")
_OF_DISTRIBUTION = ("effective_tokens", "kept", "sampled_entropy")
_OF_LAYERS = ("resid_norm", "mlp_norm", "attn_norm", "attn_entropy", "attn_entropy_max")


def trace(
    seen: list[Seen], options: Mapping[str, Any], attn_every: int, files: Iterable[str]
) -> bytes:
    """The trace of one run, or of two: then the second stands whole under `compare`.

    Args:
        options: those of the command line, as it understood them.
        files: names of everything that is written beside the trace.
    """
    told = _of_run(seen[0], attn_every)
    if len(seen) > 1:
        told["compare"] = _of_run(seen[1], attn_every) | _following(seen[1])
    told |= {"mav": version("mav-engine"), "options": dict(options), "files": sorted(files)}
    return orjson.dumps(told, default=_plain) + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return orjson.Fragment(
            orjson.dumps(np.ascontiguousarray(value), option=orjson.OPT_SERIALIZE_NUMPY)
        )
    return value.model_dump(mode="json")


def _of_run(seen: Seen, attn_every: int) -> dict[str, Any]:
    start, end = seen.start, seen.record.end
    steps = [_of_prompt(seen)]
    for step, token in enumerate(seen.record.tokens, start=1):
        due = attn_every > 0 and step % attn_every == 0
        apart = seen.divergence(step)
        steps.append(
            _of_step(step, token)
            | ({"divergence": _figures(apart)} if apart is not None else {})
            | (_attention(seen, step) if due else {})
        )
    return {
        "model": start.model.name,
        "prompt": start.settings.prompt,
        "steps": steps,
        "text": seen.record.text,
        "finish_reason": end.reason if isinstance(end, Done) else None,
        "run_id": start.run_id,
        "model_info": start.model,
        "settings": start.settings,
        "probes": start.probes,
        "attention_absent": seen.unseen,
    }


def _following(seen: Seen) -> dict[str, Any]:
    """Whose text it was forced to, and how far apart both were over all of it."""
    if seen.follows is None:
        return {}
    whole = None if seen.compared is None else _figures(seen.compared)
    return {"follows": seen.follows, "divergence": whole}


def _figures(told: Divergence | Compared) -> dict[str, Any]:
    """As `mav compare` tells them."""
    names = (each.name for each in fields(told))
    return {name: getattr(told, name) for name in names if name not in ("type", "index")}


def _of_prompt(seen: Seen) -> dict[str, Any]:
    """Step 0: what was read, and what it made likely."""
    read = seen.record.prompt.tokens if seen.record.prompt is not None else []
    attention = {"attention_avg_final_layer": None} | _attention(seen, 1)
    attention.pop("attention_tokens", None)
    return {
        "step": 0,
        "generated_token": None,
        **_top(seen.record.tokens[0].top if seen.record.tokens else []),
        "tokens": seen.prompt_tokens,
        "token_ids": [each.id for each in read],
        "logprobs": [each.logprob for each in read],
        "entropies": [each.entropy for each in read],
        **attention,
    }


def _of_step(step: int, token: Token) -> dict[str, Any]:
    return {
        "step": step,
        "generated_token": token.token.text,
        **_top(token.top),
        "token_id": token.token.id,
        "prob": math.exp(token.logprob),
        "sampled_prob": sampled_prob(token),
        **{name: getattr(token, name) for name in _OF_TOKEN},
        **{name: getattr(token.distribution, name) for name in _OF_DISTRIBUTION},
        **{name: getattr(token.layers, name) for name in _OF_LAYERS},
        "step_ms": token.timing.step_ms,
        "capture_ms": token.timing.capture_ms,
    }


def _top(rows: list[Candidate]) -> dict[str, Any]:
    return {
        "topk_tokens": [row.text for row in rows],
        "topk_probs": [row.prob for row in rows],
        "topk_ids": [row.id for row in rows],
        "topk_logits": [row.logit for row in rows],
        "topk_sampled_probs": [row.sampled_prob for row in rows],
        "topk_cut_by": [row.cut_by for row in rows],
    }


def _attention(seen: Seen, step: int) -> dict[str, Any]:
    """What all queries up to this step looked at: the last layer's mean, and what was asked for."""
    pattern = map_at(seen.record, step - 1)
    if pattern is None:
        return {}
    told: dict[str, Any] = {
        "attention_avg_final_layer": _or_null(mean_of_heads(pattern[-1:])[0]),
        "attention_tokens": seen.texts_read(pattern.shape[-1]),
    }
    heads = seen.heads
    if heads.heads is not None or heads.layers != [len(pattern) - 1]:
        told["attention"] = {
            "layers": heads.layers,
            "heads": "mean" if heads.heads is None else heads.heads,
            "pattern": shown(pattern, heads),
        }
    return told


def _or_null(values: Floats) -> Floats | None:
    return None if np.isnan(values).all() else values
