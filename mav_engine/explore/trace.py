"""`trace.json`: the fields of Model Interpret Explorer's trace, with MAV's measurements added."""

from __future__ import annotations

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
from mav_engine.explore.explored_run import ExploredRun, sampled_prob

_OF_TOKEN = ("position", "text", "forced", "logprob", "rank", "entropy")
_OF_DISTRIBUTION = ("effective_tokens", "kept", "sampled_entropy")
_OF_LAYERS = ("resid_norm", "mlp_norm", "attn_norm", "attn_entropy", "attn_entropy_max")


def trace(
    runs: list[ExploredRun], options: Mapping[str, Any], attn_every: int, files: Iterable[str]
) -> bytes:
    """The trace of one run, or of two; the second is nested in `compare`.

    Args:
        options: the parsed command line options.
        files: names of all written files.
    """
    document = _of_run(runs[0], attn_every)
    if len(runs) > 1:
        document["compare"] = _of_run(runs[1], attn_every) | _following(runs[1])
    document |= {"mav": version("mav-engine"), "options": dict(options), "files": sorted(files)}
    return orjson.dumps(document, default=_plain) + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return orjson.Fragment(
            orjson.dumps(np.ascontiguousarray(value), option=orjson.OPT_SERIALIZE_NUMPY)
        )
    return value.model_dump(mode="json")


def _of_run(run: ExploredRun, attn_every: int) -> dict[str, Any]:
    start, end = run.start, run.record.end
    steps = [_of_prompt(run)]
    for step, token in enumerate(run.record.tokens, start=1):
        due = attn_every > 0 and step % attn_every == 0
        apart = run.divergence(step)
        steps.append(
            _of_step(step, token)
            | ({"divergence": _figures(apart)} if apart is not None else {})
            | (_attention(run, step) if due else {})
        )
    return {
        "model": start.model.name,
        "prompt": start.settings.prompt,
        "steps": steps,
        "text": run.record.text,
        "finish_reason": end.reason if isinstance(end, Done) else None,
        "run_id": start.run_id,
        "model_info": start.model,
        "settings": start.settings,
        "probes": start.probes,
        "attention_absent": run.no_attention,
    }


def _following(run: ExploredRun) -> dict[str, Any]:
    """The model whose text it was forced to, and the summary of the divergence."""
    if run.forced_to is None:
        return {}
    whole = None if run.compared is None else _figures(run.compared)
    return {"follows": run.forced_to, "divergence": whole}


def _figures(event: Divergence | Compared) -> dict[str, Any]:
    """The fields of a divergence, as in `mav compare`."""
    names = (each.name for each in fields(event))
    return {name: getattr(event, name) for name in names if name not in ("type", "index")}


def _of_prompt(run: ExploredRun) -> dict[str, Any]:
    """Step 0: the prompt and its prediction."""
    read = run.record.prompt.tokens if run.record.prompt is not None else []
    attention = {"attention_avg_final_layer": None} | _attention(run, 1)
    attention.pop("attention_tokens", None)
    return {
        "step": 0,
        "generated_token": None,
        **_top(run.record.tokens[0].top if run.record.tokens else []),
        "tokens": run.prompt_tokens,
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
        "prob": token.prob,
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


def _attention(run: ExploredRun, step: int) -> dict[str, Any]:
    """The attention of all queries up to this step: the last layer's mean, and the selected
    heads."""
    pattern = map_at(run.record, step - 1)
    if pattern is None:
        return {}
    fields: dict[str, Any] = {
        "attention_avg_final_layer": _or_null(mean_of_heads(pattern[-1:])[0]),
        "attention_tokens": run.texts_read(pattern.shape[-1]),
    }
    heads = run.heads
    if heads.heads is not None or heads.layers != [len(pattern) - 1]:
        fields["attention"] = {
            "layers": heads.layers,
            "heads": "mean" if heads.heads is None else heads.heads,
            "pattern": shown(pattern, heads),
        }
    return fields


def _or_null(values: Floats) -> Floats | None:
    return None if np.isnan(values).all() else values
