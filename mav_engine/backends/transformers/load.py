"""Load a model from a folder or a hub name: safetensors only, no code of strangers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from mav_engine.backends.transformers.attention import implementation_for
from mav_engine.backends.transformers.backend import TransformersBackend
from mav_engine.errors import ModelLoadFailed
from mav_engine.faults import load_fault

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def load(
    source: str, *, name: str, device: str, dtype: str, prefix_bytes: int
) -> TransformersBackend:
    """Load weights and tokenizer.

    Raises:
        ModelLoadFailed: something is missing or broken; the detail names it.
    """
    where = _device(device)
    _check_folder(source, name)
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        config = AutoConfig.from_pretrained(source, trust_remote_code=False)
        model_class = AutoModelForCausalLM._model_mapping[type(config)]
        model, report = AutoModelForCausalLM.from_pretrained(
            source,
            config=config,
            dtype=_dtype(dtype, where, config),
            use_safetensors=True,
            trust_remote_code=False,
            attn_implementation=implementation_for(model_class),
            output_loading_info=True,
        )
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
    except Exception as error:  # the libraries raise whatever a broken file makes them raise
        raise load_fault(error, name, source) from error
    finally:
        if bars:
            logging.enable_progress_bar()
    _check_complete(report, name)
    model = model.to(where).eval().requires_grad_(False)
    return TransformersBackend(model, tokenizer, name, prefix_bytes=prefix_bytes)


def _device(wanted: str) -> torch.device:
    if wanted != "auto":
        try:
            return torch.empty(0, device=wanted).device
        except (RuntimeError, AssertionError) as error:
            raise ModelLoadFailed(
                f"The device {wanted!r} cannot be used here: {error}. Use cpu or auto."
            ) from None
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _dtype(wanted: str, device: torch.device, config: Any) -> torch.dtype:
    if wanted in _DTYPES:
        return _DTYPES[wanted]
    if wanted != "auto":
        raise ValueError(f"dtype is auto, {', '.join(_DTYPES)}; not {wanted!r}")
    # Half precision is slower than float32 on CPUs, and less exact.
    stored = getattr(config, "dtype", None)
    return torch.float32 if device.type == "cpu" or stored is None else stored


def _check_folder(source: str, name: str) -> None:
    folder = Path(source)
    if not folder.is_dir():
        return
    if not (folder / "config.json").is_file():
        raise ModelLoadFailed(
            f"{name}: {folder} has no config.json, so it is no model in Hugging Face layout.",
            field="model",
        )
    if not any(folder.glob("*.safetensors")):
        raise ModelLoadFailed(
            f"{name}: {folder} has no *.safetensors weights. Other formats can run code when "
            "they are read and are refused; save the model again with save_pretrained().",
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
