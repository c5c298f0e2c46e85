"""Loads a folder or GGUF file with transformers: safetensors and GGUF weights only, without running
a model's own code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from mav_engine.backends.hf.attention_capture import CALLED, PLAIN, implementation_for
from mav_engine.backends.hf.backend import TransformersBackend
from mav_engine.backends.hf.compatibility import (
    check_complete,
    check_fits,
    check_readable,
    named_faults,
    read_config,
    read_tokenizer,
    stored_parameters,
)
from mav_engine.backends.hf.devices import device_for
from mav_engine.backends.hf.gguf import GgufModel, read_gguf
from mav_engine.backends.hf.quantization import (
    QUANTIZED,
    QUANTIZED_BY_LOADING,
    check_can_quantize,
    loading_options,
    quantize,
    stated_dtype,
)
from mav_engine.backends.inference.kernels.linear_modules import use_compiled_linears
from mav_engine.backends.inference.kernels.rms_norm import use_short_norms
from mav_engine.errors import UnusableModel
from mav_engine.models.precision import Precision, check_precision

_FLOATS: dict[str, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def load(
    source: str, *, name: str, device: str, dtype: str, prefix_bytes: int
) -> TransformersBackend:
    """Load the weights and the tokenizer of a folder or GGUF file that `check_model` has checked.

    Raises:
        ModelLoadFailed: the device or a package is missing, or there is too little memory.
        UnusableModel: a file is broken, or files do not match; the detail names it.
        InvalidSettings: `dtype` is invalid.
    """
    wanted = check_precision(dtype)
    where = device_for(device)
    check_can_quantize(wanted, where)
    path = Path(source)
    with _quiet():
        file = read_gguf(path) if path.is_file() else None
        config = read_config(path) if file is None else file.config
        _check_not_quantized(config, wanted)
        tokenizer = read_tokenizer(path) if file is None else file.tokenizer
        model = _model(path, file, config, wanted, where)
    dtype = stated_dtype(model, wanted)
    return TransformersBackend(model, tokenizer, name, dtype=dtype, prefix_bytes=prefix_bytes)


@contextmanager
def _quiet() -> Iterator[None]:
    """Disable progress bars and warnings of transformers; errors are raised."""
    bars, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity(logging.CRITICAL)
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _model(
    path: Path, file: GgufModel | None, config: Any, wanted: Precision, where: torch.device | None
) -> Any:
    """The model on its device, in its precision."""
    # Rounded activations depend on the order of summation.
    plain = PLAIN if wanted in QUANTIZED else CALLED
    in_memory = where is not None and where.type == "cpu" and wanted not in QUANTIZED_BY_LOADING
    dtype = _float_type(wanted, where, config)
    stored = stored_parameters(path) if file is None else file.elements
    check_fits(stored, config, dtype.itemsize if in_memory else None)
    model_class = AutoModelForCausalLM._model_mapping[type(config)]
    if file is None:
        check_readable(path)
        weights = {"pretrained_model_name_or_path": str(path), "use_safetensors": True}
    else:
        weights = file.weights(dtype)
    # Without a name there is nothing from which a class could be chosen.
    loader = model_class if "state_dict" in weights else AutoModelForCausalLM
    with named_faults("the model cannot be loaded"):
        model, report = loader.from_pretrained(
            **weights,
            config=config,
            trust_remote_code=False,
            attn_implementation=implementation_for(model_class, plain),
            output_loading_info=True,
            # check_complete reports these, with their shapes.
            ignore_mismatched_sizes=True,
            **_options(wanted, where, config),
        )
    check_complete(report)
    if where is not None and wanted not in QUANTIZED_BY_LOADING:
        model = model.to(where)
    quantize(model, wanted)
    use_short_norms(model)
    use_compiled_linears(model)
    return model.eval().requires_grad_(False)


def _options(wanted: Precision, where: torch.device | None, config: Any) -> dict[str, Any]:
    """Arguments of `from_pretrained` for precision and device."""
    dtype = _float_type(wanted, where, config)
    options = {"dtype": dtype, **loading_options(wanted, dtype)}
    if where is None:
        return {**options, "device_map": "auto"}
    return {**options, "device_map": {"": where}} if wanted in QUANTIZED_BY_LOADING else options


def _float_type(wanted: Precision, where: torch.device | None, config: Any) -> torch.dtype:
    """The dtype of weights that are not quantized."""
    if wanted in _FLOATS:
        return _FLOATS[wanted]
    # On CPUs half precision is slower than float32, and less exact.
    stored = getattr(config, "dtype", None)
    on_cpu = where is not None and where.type == "cpu"
    on_cpu = on_cpu or (where is None and not torch.cuda.is_available())
    return torch.float32 if on_cpu or stored is None else stored


def _check_not_quantized(config: Any, wanted: Precision) -> None:
    if wanted in QUANTIZED and getattr(config, "quantization_config", None) is not None:
        raise UnusableModel(
            f"its weights are already quantized and cannot be quantized again as {wanted}: leave "
            "MAV_DTYPE at auto.",
            field="model",
        )
