"""Quantized weights: the requirements of each precision, and the quantization itself.

Unavailable precisions are refused before anything is loaded.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

from mav_engine.backends.inference.kernels.int8 import Int8Linear, replace_linears
from mav_engine.backends.inference.kernels.int8_torch import can_multiply
from mav_engine.backends.inference.kernels.layers import is_conv1d
from mav_engine.errors import UnusableModel
from mav_engine.models.precision import Precision

_PACKAGES: dict[Precision, tuple[str, ...]] = {
    "int8": ("torchao",),
    "bnb-int8": ("bitsandbytes", "accelerate"),
    "bnb-nf4": ("bitsandbytes", "accelerate"),
}
QUANTIZED: frozenset[Precision] = frozenset({*_PACKAGES, "int8-dynamic"})
QUANTIZED_BY_LOADING: frozenset[Precision] = frozenset({"bnb-int8", "bnb-nf4"})
"""Precisions that are quantized during loading, on the target device."""


def check_can_quantize(wanted: Precision, device: torch.device | None) -> None:
    """Check that a precision is available on a device (None: spread over all).

    Raises:
        UnusableModel: it is not; the detail names what is missing.
    """
    for package in _PACKAGES.get(wanted, ()):
        if find_spec(package) is None:
            raise UnusableModel(
                f"{wanted} needs {package}, which is not installed: "
                "pip install 'mav-engine[quantized]'"
            )
    if wanted == "int8-dynamic":
        if device is None or device.type != "cpu":
            place = "models that are spread" if device is None else str(device)
            raise UnusableModel(
                f"int8-dynamic runs on the CPU only, not on {place}: use int8, or MAV_DEVICE=cpu."
            )
        if not can_multiply():
            raise UnusableModel(
                f"int8-dynamic needs a processor for which torch has an int8 product; this one has "
                f"{torch.backends.quantized.engine!r}. Use int8."
            )
    if wanted in QUANTIZED_BY_LOADING and device is not None and device.type == "mps":
        raise UnusableModel(f"{wanted} cannot run on mps: use int8, or MAV_DEVICE=cpu.")


def loading_options(wanted: Precision, dtype: torch.dtype) -> dict[str, Any]:
    """Arguments of `from_pretrained` for weights that are quantized during loading."""
    if wanted not in QUANTIZED_BY_LOADING:
        return {}
    from transformers import BitsAndBytesConfig

    if wanted == "bnb-int8":
        # The dtype of its products. With another one, it would convert and warn each time.
        return {
            "dtype": torch.float16,
            "quantization_config": BitsAndBytesConfig(load_in_8bit=True),
        }
    config = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
    )
    return {"dtype": dtype, "quantization_config": config}


def quantize(model: nn.Module, wanted: Precision) -> None:
    """Quantize a loaded float model in place, if its precision requires it.

    Raises:
        UnusableModel: the model has no linear layers.
    """
    if wanted == "int8-dynamic":
        if not replace_linears(model):
            raise UnusableModel(f"{wanted}: {type(model).__name__} has no linear layers.")
    elif wanted == "int8":
        _quantize_with_torchao(model)


def _quantize_with_torchao(model: Any) -> None:
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    for module in list(model.modules()):
        for name, child in module.named_children():
            if is_conv1d(child):
                setattr(module, name, _as_linear(child))
    # The unembedding is often tied to the embedding, and decides between close tokens.
    head = model.get_output_embeddings()
    quantize_(
        model,
        Int8WeightOnlyConfig(),
        lambda module, _name: type(module) is nn.Linear and module is not head,
    )


def _as_linear(layer: Any) -> nn.Linear:
    """The layer as an `nn.Linear`; GPT-2 stores transposed weights."""
    inside, outside = layer.weight.shape
    linear = nn.Linear(inside, outside, device="meta")
    linear.weight = nn.Parameter(layer.weight.detach().t().contiguous(), requires_grad=False)
    linear.bias = layer.bias
    return linear


def stated_dtype(model: Any, wanted: Precision) -> str:
    """The dtype for `ModelInfo`: the quantized precision, or the float type."""
    if wanted in QUANTIZED:
        return wanted
    stored = getattr(model.config, "quantization_config", None)
    method = stored.get("quant_method") if isinstance(stored, dict) else stored
    method = getattr(method, "quant_method", method)
    return str(getattr(method, "value", method) or model.dtype).removeprefix("torch.")


def parameter_count(model: Any) -> int:
    """Number of parameters, counted on an empty model, since packed weights do not show it."""
    if any(map(_is_packed, model.modules())) or getattr(model, "is_quantized", False):
        from transformers import AutoModelForCausalLM

        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(model.config)
    return sum(parameter.numel() for parameter in model.parameters())


def memory_bytes(model: nn.Module) -> int:
    """Bytes of weights and buffers, packed ones included."""
    tensors = [*model.parameters(), *model.buffers()]
    packed = (int(getattr(module, "packed_bytes", 0)) for module in model.modules())
    return sum(map(_bytes_of, tensors)) + sum(packed)


def _bytes_of(tensor: Any) -> int:
    """Bytes of a tensor. Tensors of torchao report the float size, so their inner ones count."""
    if not hasattr(tensor, "__tensor_flatten__"):
        return int(tensor.nbytes)
    inner = (getattr(tensor, name) for name in tensor.__tensor_flatten__()[0])
    return sum(_bytes_of(each) for each in inner)


def _is_packed(module: nn.Module) -> bool:
    weight = getattr(module, "weight", None)
    return isinstance(module, Int8Linear) or hasattr(weight, "__tensor_flatten__")
