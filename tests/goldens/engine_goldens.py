"""Small models and what the Python engine computes of them, for the engine of the browser.

    python -m tests.goldens.engine_goldens

writes tests/goldens/engine/: a folder for each small random model (config.json, model.safetensors),
and for each model, the embedded one included, `NAME.expected.safetensors` with the outputs for the
last of a few tokens; rope.json has frequencies of rotary embeddings. Random weights are drawn only
where a model is missing. Read by `frontend/local/model/model.test.ts` and, so that stale files
fail, by `tests/engine/test_browser_engine.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from mav_engine.backends.inference.batch_decoder import BatchDecoder
from mav_engine.backends.inference.session import BatchedSession
from mav_engine.backends.native.architecture import named_weights
from mav_engine.backends.native.llama_config import read_llama_config
from mav_engine.backends.native.model_files import read_architecture
from mav_engine.backends.native.rope import Frequencies
from mav_engine.backends.native.tensors import stored_tensors
from mav_engine.backends.native.weight_reader import WeightReader
from mav_engine.generation.capture import HookPoint

FOLDER = Path(__file__).parent / "engine"
EMBEDDED = Path(__file__).parents[2] / "mav_engine" / "models" / "mav-tiny"
LENGTH = 21
RANKED = 7
"""The id whose ranks in the logit lens are expected."""

_LLAMA: dict[str, Any] = {
    "model_type": "llama", "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 99, "head_dim": 8,
    "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "tie_word_embeddings": False,
    "eos_token_id": [2, 5, 1000],
}  # fmt: skip
_GPT2: dict[str, Any] = {
    "model_type": "gpt2", "n_embd": 32, "n_layer": 2, "n_head": 4, "n_inner": 64,
    "vocab_size": 99, "n_positions": 48, "eos_token_id": 3,
}  # fmt: skip
MODELS: Mapping[str, tuple[dict[str, Any], str]] = {
    "llama-f32": (
        {
            **_LLAMA,
            "rope_parameters": {
                "rope_type": "llama3", "rope_theta": 5e4, "factor": 8.0, "low_freq_factor": 1.0,
                "high_freq_factor": 4.0, "original_max_position_embeddings": 32,
            },
        },
        "F32",
    ),
    "llama-bf16": (
        {
            **_LLAMA, "tie_word_embeddings": True, "num_key_value_heads": 4, "num_hidden_layers": 2,
            "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16},
        },
        "BF16",
    ),
    "gpt2-f16": (_GPT2, "F16"),
    "gpt2-relu": (
        {**_GPT2, "activation_function": "relu", "tie_word_embeddings": False, "n_layer": 1},
        "F32",
    ),
}  # fmt: skip
"""The configuration and the type of the weights of each small model."""

ROPES: tuple[dict[str, Any], ...] = (
    {"rope_type": "default", "rope_theta": 10000.0},
    {"rope_type": "default", "rope_theta": 500000.0},
    {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0},
    {
        "rope_type": "llama3", "rope_theta": 5e5, "factor": 32.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
    },
    {"rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0, "original_max_position_embeddings": 64},
    {
        "rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0, "beta_fast": 16.0, "beta_slow": 2.0,
        "mscale": 0.7, "mscale_all_dim": 0.5, "truncate": False,
        "original_max_position_embeddings": 32,
    },
    {"rope_type": "yarn", "rope_theta": 1e4, "attention_factor": 1.25},
)  # fmt: skip


def model_folders() -> dict[str, Path]:
    """The folder of each model by name."""
    return {"mav-tiny": EMBEDDED, **{name: FOLDER / name for name in MODELS}}


def expected(folder: Path) -> dict[str, np.ndarray]:
    """What the Python engine computes for the last of some tokens."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    architecture = read_architecture(config)
    weights = named_weights(architecture, stored_tensors(folder))
    decoder = architecture.decoder(WeightReader(weights, "float32", 1))
    vocabulary = architecture.sizes.vocabulary
    ids = [place * 37 % vocabulary for place in range(1, LENGTH + 1)]
    points: set[HookPoint] = {"resid", "mlp_out", "attn_out", "pattern", "lens"}
    session = BatchedSession(BatchDecoder(decoder, 0, has_lens=True, threads=1), points)
    step = session.prefill(ids).step
    session.close()
    assert step.resid is not None
    assert step.pattern is not None
    assert step.lens is not None
    lens = np.asarray(step.lens, np.float64)
    pattern = np.asarray(step.pattern, np.float64)
    odds = np.exp(lens - lens.max(-1, keepdims=True))
    made = {
        "ids": np.array(ids, np.int32),
        **{
            name: np.asarray(getattr(step, name), np.float32)
            for name in ("logits", "resid", "attn_out", "mlp_out", "pattern")
        },
        "entropies": -(pattern * np.log(np.maximum(pattern, 1e-300))).sum(-1).astype(np.float32),
        "lens_ids": lens.argmax(-1).astype(np.int32),
        "lens_probs": (odds.max(-1) / odds.sum(-1)).astype(np.float32),
        "lens_ranks": (lens > lens[:, RANKED, None]).sum(-1).astype(np.int32),
    }
    # A file has the memory of an array, in whatever order.
    return {name: np.ascontiguousarray(each) for name, each in made.items()}


def rope_cases() -> list[dict[str, Any]]:
    """Frequencies of each kind of rotary embeddings."""
    cases = []
    for rope in ROPES:
        given = {**_LLAMA, "head_dim": 64, "max_position_embeddings": 128, "rope_parameters": rope}
        made = Frequencies(read_llama_config(given))
        speeds = [float(each) for each in made.speeds]
        cases.append({"config": given, "speeds": speeds, "scaling": made.scaling})
    return cases


def _draw(config: dict[str, Any], stored: str) -> dict[str, np.ndarray]:
    """Random weights that give numbers of usual sizes."""
    generator = np.random.default_rng(18)
    kinds = {"F32": np.float32, "F16": np.float16, "BF16": np.float32}

    def tensor(name: str, shape: tuple[int, ...]) -> np.ndarray:
        drawn = generator.standard_normal(shape)
        if len(shape) > 1:
            drawn *= 0.3
        elif name.endswith("bias"):
            drawn *= 0.2
        else:  # norms
            drawn = 1 + 0.2 * drawn
        return drawn.astype(kinds[stored])

    shapes = read_architecture(config).shapes()
    return {name: tensor(name, shape) for name, shape in shapes.items()}


def _save_bfloat16(tensors: dict[str, np.ndarray], path: Path) -> None:
    import torch
    from safetensors.torch import save_file as save

    save({name: torch.from_numpy(each).bfloat16() for name, each in tensors.items()}, path)


def _small_models() -> Iterator[tuple[str, Path]]:
    for name, (config, stored) in MODELS.items():
        folder = FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        path = folder / "model.safetensors"
        if not path.exists():
            tensors = _draw(config, stored)
            _save_bfloat16(tensors, path) if stored == "BF16" else save_file(tensors, path)
        yield name, folder


def main() -> None:
    """Write all files."""
    for name, folder in (("mav-tiny", EMBEDDED), *_small_models()):
        save_file(expected(folder), FOLDER / f"{name}.expected.safetensors")
    text = json.dumps(rope_cases(), indent=1)
    (FOLDER / "rope.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
