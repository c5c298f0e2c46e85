"""The engine of the browser (`engine.c`), compiled for this machine without wide vectors."""

from __future__ import annotations

import ctypes
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mav_engine.backends.native.architecture import HEAD, named_weights
from mav_engine.backends.native.model_files import read_architecture
from mav_engine.backends.native.tensors import StoredTensor, stored_tensors
from mav_engine.contract.arrays import Floats

TYPES = {"F32": 0, "F16": 1, "BF16": 2}
PANEL = 32
RANKED = 7
CELLS = 6
FLAGS = (
    "-O3", "-ffp-contract=off", "-fno-math-errno", "-Wno-psabi", "-shared", "-fPIC",
)  # fmt: skip
"""Without an option for a processor, so for the oldest: SSE2 on x86, four lanes."""


def compile_engine(compiler: str, source: Path, library: Path) -> None:
    """Compile `engine.c` with the system's compiler."""
    subprocess.run([compiler, *FLAGS, str(source), "-o", str(library)], check=True)


class NativeEngine:
    """One model in a library of its own, whose state is global.

    Args:
        library: a file that no other engine has loaded.
        folder: of the model.
        speeds, scaling: of the rotary embeddings of a Llama, since powers may differ in the last
            bit between libraries.
    """

    def __init__(self, library: Path, folder: Path, speeds: Floats, scaling: float) -> None:
        self._library = ctypes.CDLL(str(library))
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        architecture: Any = read_architecture(config)
        self._tensors = named_weights(architecture, stored_tensors(folder))
        self._config, self._sizes = architecture._config, architecture.sizes
        self._format = TYPES[self._tensors[architecture.embedding].spec.dtype]
        self._table = architecture.embedding
        if config["model_type"] == "gpt2":
            self._place_gpt2()
        else:
            self._place_llama(speeds, scaling)

    def outputs(self, passes: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """What `browser_engine.ts` writes after the rotary embeddings."""
        layers, width = self._sizes.layers, self._sizes.d_model
        found: list[np.ndarray] = []
        length = 0
        for ids in passes:
            rows = len(ids)
            self._view("ids", rows, np.int32)[:] = ids
            assert self._library.mav_read(rows, length)
            length += rows
            keys = rows * self._sizes.heads * length
            found += [
                self._view("logits", rows * self._sizes.vocabulary),
                self._view("resid", (layers + 1) * rows * width),
                self._view("attn_out", layers * rows * width),
                self._view("mlp_out", layers * rows * width),
                self._view("pattern", layers * keys),
                self._view("entropies", layers * self._sizes.heads, np.float32, rows - 1),
            ]
            self._library.mav_lens(rows - 1, RANKED)
            found += [
                self._view("lens_ids", layers, np.int32),
                self._view("lens_probs", layers),
                self._view("lens_ranks", layers, np.int32),
            ]
            found = [each.copy() for each in found]
        directions = layers * CELLS * width
        self._view("reserve_projection", directions, np.float32, CELLS)[:] = _numbers(directions)
        size = layers * width
        given = self._view("vectors", size)
        given[:] = _numbers(size) / np.float32(7)
        means = (ctypes.c_float * size).from_address(given.ctypes.data - 4 * size)
        np.frombuffer(means, np.float32)[:] = _numbers(size)
        return [*found, self._view("project", layers * CELLS).copy()]

    def _place_llama(self, speeds: Floats, scaling: float) -> None:
        config = self._config
        heads = (config.num_attention_heads, config.num_key_value_heads, config.head_dim)
        inner, epsilon = config.intermediate_size, config.rms_norm_eps
        self._configure(0, heads, inner, epsilon, 0, scaling)
        for layer in range(self._sizes.layers):
            name = f"model.layers.{layer}"
            attention, mlp = f"{name}.self_attn", f"{name}.mlp"
            weights = [
                self._panels([f"{attention}.{part}_proj.weight" for part in "qkv"]),
                self._panels([f"{attention}.o_proj.weight"]),
                self._panels([f"{mlp}.gate_proj.weight", f"{mlp}.up_proj.weight"]),
                self._panels([f"{mlp}.down_proj.weight"]),
                self._vector(f"{name}.input_layernorm.weight"),
                self._vector(f"{name}.post_attention_layernorm.weight"),
            ]
            self._set_layer(layer, weights)
        places = self._allocate(speeds.nbytes)
        ctypes.memmove(places, speeds.ctypes.data, speeds.nbytes)
        self._set_ends(self._vector("model.norm.weight"), 0, places)

    def _place_gpt2(self) -> None:
        config = self._config
        heads = (config.n_head, config.n_head, config.n_embd // config.n_head)
        activation = int(config.activation_function == "relu")
        self._configure(1, heads, config.n_inner, config.layer_norm_epsilon, activation, 1.0)
        for layer in range(self._sizes.layers):
            name = f"transformer.h.{layer}"
            products = [f"{name}.{part}" for part in (
                "attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj",
            )]  # fmt: skip
            norms = [f"{name}.{part}" for part in ("ln_1", "ln_2")]
            weights = [self._panels([f"{each}.weight"], by_input=True) for each in products]
            weights += [self._vector(f"{each}.bias") for each in products]
            weights += [
                self._vector(f"{each}.{part}") for each in norms for part in ("weight", "bias")
            ]
            self._set_layer(layer, weights)
        norm, bias = (self._vector(f"transformer.ln_f.{part}") for part in ("weight", "bias"))
        self._set_ends(norm, bias, self._vector("transformer.wpe.weight"))

    def _configure(
        self, family: int, heads: tuple[int, int, int], inner: int, epsilon: float,
        activation: int, scaling: float,
    ) -> None:  # fmt: skip
        sizes = self._sizes
        numbers = (family, self._format, sizes.layers, sizes.d_model, *heads, inner)
        assert self._library.mav_configure(
            *numbers, sizes.vocabulary, sizes.context,
            ctypes.c_float(epsilon), ctypes.c_float(heads[2] ** -0.5), activation,
            ctypes.c_float(scaling),
        )  # fmt: skip

    def _set_layer(self, layer: int, weights: Sequence[int]) -> None:
        for index, address in enumerate(weights):
            self._library.mav_set_layer(layer, index, ctypes.c_void_p(address))

    def _set_ends(self, norm: int, bias: int, places: int) -> None:
        table = self._panels([self._table])
        head = self._panels([HEAD]) if HEAD in self._tensors else table
        self._library.mav_set_ends(*map(ctypes.c_void_p, (table, head, norm, bias, places)))

    def _panels(self, names: Sequence[str], *, by_input: bool = False) -> int:
        tensors = [self._tensors[name] for name in names]
        outputs = [each.shape[by_input] for each in tensors]
        inputs = tensors[0].shape[not by_input]
        padded = -(-sum(outputs) // PANEL) * PANEL
        to = self._allocate(padded * inputs * 4)
        offset = 0
        for tensor, count in zip(tensors, outputs, strict=True):
            raw = _bytes_of(tensor)
            self._library.mav_pack(
                ctypes.c_void_p(raw.ctypes.data), TYPES[tensor.spec.dtype], *tensor.shape,
                by_input, 0, offset, inputs, ctypes.c_void_p(to), self._format,
            )  # fmt: skip
            offset += count
        return to

    def _vector(self, name: str) -> int:
        tensor = self._tensors[name]
        raw, to = _bytes_of(tensor), self._allocate(tensor.spec.elements * 4)
        kind, count = TYPES[tensor.spec.dtype], tensor.spec.elements
        self._library.mav_widen(ctypes.c_void_p(raw.ctypes.data), kind, count, ctypes.c_void_p(to))
        return to

    def _allocate(self, size: int) -> int:
        self._library.mav_allocate.restype = ctypes.c_void_p
        address: int | None = self._library.mav_allocate(size)
        assert address, "the heap of engine.c is too small for this model"
        return address

    def _view(self, name: str, count: int, kind: type = np.float32, *arguments: int) -> np.ndarray:
        """The array whose address a function returns."""
        function = getattr(self._library, f"mav_{name}")
        function.restype = ctypes.c_void_p
        return np.frombuffer((ctypes.c_uint32 * count).from_address(function(*arguments)), kind)


def _numbers(count: int) -> Floats:
    made: Floats = (np.arange(count) * 7919 % 251).astype(np.float32)
    return made


def _bytes_of(tensor: StoredTensor) -> np.ndarray:
    count = tensor.spec.elements * (4 if tensor.spec.dtype == "F32" else 2)
    return np.fromfile(tensor.path, np.uint8, count, offset=tensor.spec.offset)
