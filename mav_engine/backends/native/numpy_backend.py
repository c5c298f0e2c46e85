"""A model read from its files as the engine's `Backend`, without torch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from mav_engine.backends.calibration import Calibration
from mav_engine.backends.fingerprint import fingerprint_of, pieces_of
from mav_engine.backends.inference.batch_decoder import BatchDecoder, DecodeRequest
from mav_engine.backends.inference.kernels.numpy_linear import WeightType
from mav_engine.backends.inference.session import DECODER_CHUNK, BatchedSession
from mav_engine.backends.inference.threads import usable_threads
from mav_engine.backends.memory import check_memory
from mav_engine.backends.native.model_files import ModelFiles, read_model
from mav_engine.backends.native.unsupported import Unsupported
from mav_engine.backends.native.weight_reader import WeightReader
from mav_engine.backends.text_methods import TextMethods
from mav_engine.contract.arrays import Floats
from mav_engine.contract.events import ModelInfo
from mav_engine.errors import MavError
from mav_engine.faults import brief, is_out_of_memory
from mav_engine.generation.capture import HookPoint
from mav_engine.models.description import Signature, signature
from mav_engine.models.precision import Precision, check_precision
from mav_engine.probes import capabilities
from mav_engine.wording import shortened

_POINTS: frozenset[HookPoint] = frozenset(
    {"resid", "mlp_out", "attn_out", "pattern", "full_pattern", "lens"}
)
_OF_BLOCKS: frozenset[HookPoint] = frozenset({"resid", "mlp_out", "attn_out"})
WEIGHT_TYPES: Mapping[Precision, WeightType] = {
    "auto": "float32",
    "float32": "float32",
    "float16": "float16",
    "bfloat16": "bfloat16",
    "int8-dynamic": "int8",
}
"""The precisions that are supported here, and the type of their weights."""
_BYTES: Mapping[WeightType, int] = {"float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}


def load_by_numpy(source: str, *, name: str, dtype: str, prefix_bytes: int) -> NumpyBackend | None:
    """The model on the CPU; None if its folder or file is broken or not fully supported here, or
    another precision is requested.

    For broken files None is returned too: transformers reports what is wrong with them.

    Raises:
        InvalidSettings: `dtype` is invalid.
        UnusableModel: there is too little memory.
    """
    precision = check_precision(dtype)
    if precision not in WEIGHT_TYPES:
        return None
    try:
        files = read_model(Path(source))
    except Exception as error:  # broken files make the libraries raise anything
        if is_out_of_memory(error):
            raise
        return None
    check_memory(_bytes_of(files, WEIGHT_TYPES[precision]))
    return NumpyBackend(files, precision, name, prefix_bytes)


def _bytes_of(files: ModelFiles, wanted: WeightType) -> int:
    """Bytes of the weights in memory."""
    found = 0
    for each in files.weights.values():
        blocks = each.block_bytes if wanted == "float32" else None
        found += each.elements * _BYTES[wanted] if blocks is None else blocks
    return found


def unsupported_request(dtype: str, device: str) -> str | None:
    """Why a precision or device is not supported here; None if both are.

    Raises:
        InvalidSettings: `dtype` is invalid.
    """
    if check_precision(dtype) not in WEIGHT_TYPES:
        known = ", ".join(WEIGHT_TYPES)
        return f"without torch the precisions are {known}, not {dtype}"
    return None if device in ("auto", "cpu") else f"it runs on the CPU, not on {shortened(device)}"


def unsupported_files(path: Path) -> str | None:
    """Why a folder or GGUF file is not supported here; None if it is."""
    return _unsupported(path, signature(path))


@lru_cache(maxsize=512)
def _unsupported(path: Path, _: Signature) -> str | None:
    try:
        read_model(path)
    except Unsupported as error:
        return str(error)
    except MavError as error:
        return error.detail.rstrip(".")
    except Exception as error:  # broken files make the libraries raise anything
        return f"{type(error).__name__}: {brief(error)}"
    return None


class NumpyBackend(TextMethods):
    """Owns the weights and a tokenizer.

    Args:
        files: the files of the model.
        precision: one of `WEIGHT_TYPES`.
        name: the model's name.
        prefix_bytes: the budget of the prefix cache.
    """

    depends_on_length = False

    def __init__(
        self, files: ModelFiles, precision: Precision, name: str, prefix_bytes: int
    ) -> None:
        architecture, tokenizer = files.architecture, files.tokenizer
        sizes = architecture.sizes
        super().__init__(tokenizer, name, files.eos_token_id, sizes.vocabulary)
        self._class_name = architecture.class_name
        threads = usable_threads()
        reader = WeightReader(files.weights, WEIGHT_TYPES[precision], threads)
        decoder = architecture.decoder(reader)
        self._parameters, self._weight_bytes = sorted(reader.parameters), reader.nbytes
        self._batch_decoder = BatchDecoder(decoder, prefix_bytes, has_lens=True, threads=threads)
        self.info = ModelInfo(
            name=name,
            title=name.rpartition("/")[2],
            parameters=files.parameters,
            layers=sizes.layers,
            heads=sizes.heads,
            kv_heads=sizes.kv_heads,
            d_model=sizes.d_model,
            vocabulary=sizes.vocabulary,
            context=sizes.context,
            dtype="float32" if precision == "auto" else precision,
            device="cpu",
            loaded=True,
            chat_template=self._template is not None,
            capabilities=capabilities(set(_POINTS)),
        )
        self._calibration = Calibration(self.encode_prompt, self.info, self.activations)

    @cached_property
    def fingerprint(self) -> str:
        pieces = pieces_of(self._tokenizer)
        return fingerprint_of(self._class_name, self.info.dtype, self._parameters, pieces)

    @property
    def memory_bytes(self) -> int:
        return self._weight_bytes + self._batch_decoder.prefixes.nbytes

    @property
    def prefix_counts(self) -> tuple[int, int]:
        """Prompts that began like an earlier one, and those that did not."""
        prefixes = self._batch_decoder.prefixes
        return prefixes.hits, prefixes.misses

    def open(self, capture: Collection[HookPoint], max_length: int) -> BatchedSession:  # noqa: ARG002
        return BatchedSession(self._batch_decoder, capture)

    def activations(self, ids: Sequence[int], point: HookPoint) -> Floats | None:
        if point not in _OF_BLOCKS:
            return None
        slot = self._batch_decoder.new_slot()
        vectors: list[Floats] = []
        try:
            for begin in range(0, len(ids), DECODER_CHUNK):
                part = ids[begin : begin + DECODER_CHUNK]
                requests = [DecodeRequest(each, slot, {point}) for each in part]
                with self._batch_decoder.scheduler.exclusive(self):
                    steps = self._batch_decoder.decode_chunk(requests, predict=False)
                vectors += [getattr(step, point) for step in steps]
        finally:
            slot.close()
        return np.stack(vectors, axis=1)

    def calibration(self, point: HookPoint) -> Floats | None:
        return self._calibration.at(point)

    def close(self) -> None:
        """Free the weights."""
        del self._calibration  # it refers to this backend
        del self._batch_decoder
