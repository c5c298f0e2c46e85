"""Load a model from a folder or a hub name: safetensors only, no code of strangers."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from mav_engine.backends.transformers.attention import CALLED, PLAIN, implementation_for
from mav_engine.backends.transformers.backend import TransformersBackend
from mav_engine.backends.transformers.devices import device_for
from mav_engine.backends.transformers.linears import shorten_linears
from mav_engine.backends.transformers.norms import shorten_norms
from mav_engine.backends.transformers.quantized import (
    QUANTIZED,
    QUANTIZED_BY_LOADING,
    check_can_quantize,
    loading_options,
    quantize,
    told_dtype,
)
from mav_engine.errors import MavError, ModelLoadFailed
from mav_engine.faults import load_fault
from mav_engine.precision import Precision, check_precision

_FLOATS: dict[str, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def load(
    source: str, *, name: str, device: str, dtype: str, prefix_bytes: int
) -> TransformersBackend:
    """Load weights and tokenizer.

    Raises:
        ModelLoadFailed: something is missing or broken; the detail names it.
        InvalidSettings: there is no such `dtype`.
    """
    wanted = check_precision(dtype)
    where = device_for(device)
    check_can_quantize(wanted, where)
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        model = _model(source, name, wanted, where)
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        told = told_dtype(model, wanted)
        return TransformersBackend(model, tokenizer, name, dtype=told, prefix_bytes=prefix_bytes)
    except MavError:
        raise
    except Exception as error:  # the libraries raise whatever a broken file makes them raise
        raise load_fault(error, name, source) from error
    finally:
        if bars:
            logging.enable_progress_bar()


def _model(source: str, name: str, wanted: Precision, where: torch.device | None) -> Any:
    """The model on its device, in its precision."""
    config = AutoConfig.from_pretrained(source, trust_remote_code=False)
    _check_not_quantized(config, wanted, name)
    # What is rounded after a sum shows in which order it was added.
    plain = PLAIN if wanted in QUANTIZED else CALLED
    model_class = AutoModelForCausalLM._model_mapping[type(config)]
    model, report = AutoModelForCausalLM.from_pretrained(
        source,
        config=config,
        use_safetensors=True,
        trust_remote_code=False,
        attn_implementation=implementation_for(model_class, plain),
        output_loading_info=True,
        **_options(wanted, where, config),
    )
    _check_complete(report, name)
    if where is not None and wanted not in QUANTIZED_BY_LOADING:
        model = model.to(where)
    quantize(model, wanted)
    shorten_norms(model)
    shorten_linears(model)
    return model.eval().requires_grad_(False)


def _options(wanted: Precision, where: torch.device | None, config: Any) -> dict[str, Any]:
    """How `from_pretrained` is to hold the weights, and where."""
    dtype = _float_type(wanted, where, config)
    options = {"dtype": dtype, **loading_options(wanted, dtype)}
    if where is None:
        return {**options, "device_map": "auto"}
    return {**options, "device_map": {"": where}} if wanted in QUANTIZED_BY_LOADING else options


def _float_type(wanted: Precision, where: torch.device | None, config: Any) -> torch.dtype:
    """What is not quantized is held in this."""
    if wanted in _FLOATS:
        return _FLOATS[wanted]
    # Half precision is slower than float32 on CPUs, and less exact.
    stored = getattr(config, "dtype", None)
    on_cpu = where is not None and where.type == "cpu"
    on_cpu = on_cpu or (where is None and not torch.cuda.is_available())
    return torch.float32 if on_cpu or stored is None else stored


def _check_not_quantized(config: Any, wanted: Precision, name: str) -> None:
    if wanted in QUANTIZED and getattr(config, "quantization_config", None) is not None:
        raise ModelLoadFailed(
            f"{name} is stored with quantized weights already, which {wanted} cannot quantize "
            "again: leave MAV_DTYPE at auto.",
            field="model",
        )


def _check_complete(report: dict[str, Any], name: str) -> None:
    missing = sorted(report.get("missing_keys") or [])
    if missing:
        raise ModelLoadFailed(
            f"{name}: the weights lack {len(missing)} of the model's tensors, {missing[0]} among "
            "them; they would be random numbers. Save the whole model again.",
            field="model",
        )
