"""Small random models of several architectures, saved as folders and loaded like any other.

torch and transformers are imported in functions: tests that need neither begin at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest

from mav_engine.backends import Backend, load_backend
from mav_engine.backends.native import numpy_backend
from mav_engine.defaults import PREFIX_BYTES
from mav_engine.models import EMBEDDED_DIR

EMBEDDED = EMBEDDED_DIR / "mav-tiny"
THREADS = 2

_COMMON = {"vocab_size": 4096, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": None}
_USUAL = {
    **_COMMON,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 128,
}

SHAPES: dict[str, dict[str, Any]] = {
    "gpt2": {**_COMMON, "n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 128},
    "llama": {**_USUAL, "num_key_value_heads": 2},
    "qwen2": {**_USUAL, "num_key_value_heads": 2},
    "qwen3": {**_USUAL, "num_key_value_heads": 1, "head_dim": 16},
    "gemma": {**_USUAL, "num_key_value_heads": 1, "head_dim": 16},
    "gemma2": {
        **_USUAL,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "sliding_window": 8,
        "attn_logit_softcapping": 0.2,
        "final_logit_softcapping": 5.0,
        "query_pre_attn_scalar": 16,
    },
    "gpt_neox": _USUAL,
}

PATHS = {"gpt2": ("transformer.h", "attn"), "gpt_neox": ("gpt_neox.layers", "attention")}
"""Where an architecture keeps its blocks and, in a block, its attention."""


def load(source: str, **options: Any) -> Backend:
    """A backend as on a machine with two processors, however many threads it may use here."""
    if source != str(EMBEDDED):
        import torch  # noqa: F401  (its threads are set below)
    with some_threads():
        return load_backend(source, **options)


def load_by_transformers(
    source: str,
    *,
    dtype: str = "auto",
    prefix_bytes: int = PREFIX_BYTES,
) -> Any:
    """The same for folders that need no transformers too: their model in torch, with its hooks."""
    from mav_engine.backends.hf.load import load as load_folder

    with some_threads():
        return load_folder(
            source, name=Path(source).name, device="cpu", dtype=dtype, prefix_bytes=prefix_bytes
        )


@contextmanager
def some_threads() -> Iterator[None]:
    """Models that are loaded may use `THREADS` threads."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(numpy_backend, "usable_threads", lambda: THREADS)
        if "torch" in sys.modules:
            patched.setattr(sys.modules["torch"], "get_num_threads", lambda: THREADS)
        yield


@dataclass
class Case:
    """A model folder, the engine's backend for it, and the same model as transformers runs it."""

    kind: str
    folder: Path

    @cached_property
    def backend(self) -> Backend:
        return load(str(self.folder), name=self.kind)

    @cached_property
    def by_transformers(self) -> Any:
        """A backend that runs the model in torch; `backend` itself unless that needs none."""
        if hasattr(self.backend, "_model"):
            return self.backend
        return load_by_transformers(str(self.folder))

    @property
    def backends(self) -> list[Any]:
        """The backend, and that by transformers where it is another."""
        return list(dict.fromkeys([self.backend, self.by_transformers]))

    @cached_property
    def reference(self) -> Any:
        import torch
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(
            self.folder, attn_implementation="eager", dtype=torch.float32
        )
        return model.eval()

    @cached_property
    def tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self.folder)

    def blocks(self) -> list[Any]:
        path, _ = PATHS.get(self.kind, ("model.layers", "self_attn"))
        return list(self.reference.get_submodule(path))

    def attention_of(self, block: Any) -> Any:
        return getattr(block, PATHS.get(self.kind, ("", "self_attn"))[1])


def _save(kind: str, folder: Path) -> Path:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(len(kind))
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **SHAPES[kind]))
    # Larger weights than at the start of a training, so that predictions differ between tokens.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(6)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(EMBEDDED).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def make_case(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Case]:
    """Gives the case of an architecture; each is made once."""

    @cache
    def make(kind: str) -> Case:
        folder = EMBEDDED if kind == "mav-tiny" else _save(kind, tmp_path_factory.mktemp(kind))
        return Case(kind, folder)

    return make


@pytest.fixture(scope="session", params=["mav-tiny", *SHAPES])
def case(request: pytest.FixtureRequest, make_case: Callable[[str], Case]) -> Case:
    """Every architecture in turn."""
    return make_case(request.param)


@pytest.fixture(scope="session")
def tiny_case(make_case: Callable[[str], Case]) -> Case:
    """The embedded model."""
    return make_case("mav-tiny")


@pytest.fixture(scope="session")
def tiny(tiny_case: Case) -> Backend:
    return tiny_case.backend


@pytest.fixture
def fresh(tiny_case: Case) -> Backend:
    """The embedded model, keeping nothing of what it reads."""
    return load(str(tiny_case.folder), name="mav-tiny", prefix_bytes=0)
