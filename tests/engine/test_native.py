"""The compiled pass of small Llamas has the numbers of numpy's and of the model's own pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from mav_engine.backends import load_backend
from mav_engine.backends.native.library import Pass, passes
from mav_engine.backends.transformers import native
from mav_engine.backends.transformers.decoding import LlamaDecoder
from mav_engine.backends.transformers.native import NativeLlama
from mav_engine.backends.transformers.stepping import Ask
from tests.engine.conftest import EMBEDDED
from tests.engine.test_batching import MANY, alone, assert_alike, assert_vectors_close, together
from tests.engine.test_passages import POINTS, assert_same_reading, read_by_the_model

BUILDS = passes()
REASON = "the compiled pass was not built: there is no C compiler, or none for this processor"
pytestmark = pytest.mark.skipif(not BUILDS, reason=REASON)

GROUPED = {
    "vocab_size": 4097,  # the last panel of the unembedding is not full
    "hidden_size": 96,
    "intermediate_size": 160,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "max_position_embeddings": 512,
    "tie_word_embeddings": False,
}
Save = Callable[..., str]


@pytest.fixture(scope="session")
def save(tmp_path_factory: pytest.TempPathFactory) -> Save:
    """A folder with a random Llama: grouped queries, widths that differ, large weights."""

    def save(*, halves: bool = False, **changed: Any) -> str:
        folder: Path = tmp_path_factory.mktemp("native")
        torch.manual_seed(5)
        model = LlamaForCausalLM(LlamaConfig(**{**GROUPED, **changed}))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(6) if parameter.ndim > 1 else parameter.uniform_(0.5, 1.5)
        model = model.half().float() if halves else model
        model.save_pretrained(folder)
        AutoTokenizer.from_pretrained(EMBEDDED).save_pretrained(folder)
        return str(folder)

    return save


@pytest.fixture(scope="session")
def folders(save: Save) -> dict[str, str]:
    return {
        "mav-tiny": str(EMBEDDED),
        "floats": save(),
        "halves": save(halves=True),
    }


def loaded(folder: str, kind: type, compiled: Pass | None) -> Any:
    """The model as it is read with this build of the pass, or without one."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(native, "compiled_pass", lambda: compiled)
        backend: Any = load_backend(folder, prefix_bytes=0)
    assert type(backend._stepper._decoder) is kind
    return backend


@pytest.fixture(scope="session", params=sorted(BUILDS))
def build(request: pytest.FixtureRequest) -> Pass:
    """Every build that runs here in turn."""
    return BUILDS[request.param]


@pytest.fixture(scope="session", params=["mav-tiny", "floats", "halves"])
def folder(request: pytest.FixtureRequest, folders: dict[str, str]) -> str:
    return folders[request.param]


@pytest.fixture(scope="session")
def backend(folder: str, build: Pass) -> Any:
    return loaded(folder, NativeLlama, build)


@pytest.fixture(scope="session")
def by_numpy(folder: str) -> Any:
    return loaded(folder, LlamaDecoder, None)


@pytest.fixture
def floats(folders: dict[str, str], build: Pass) -> Any:
    """A model of its own, whose numbers may be changed."""
    return loaded(folders["floats"], NativeLlama, build)


@pytest.mark.parametrize("length", [*range(1, 10), 31, 32])
def test_rows_of_every_count_have_the_numbers_of_the_models_own_pass(
    backend: Any, length: int
) -> None:
    ids = [*range(200, 200 + length)]
    session = backend.open(POINTS, 64)
    assert_same_reading(session.prefill(ids), read_by_the_model(backend, ids))
    session.close()


def test_runs_together_have_the_numbers_that_each_has_by_numpy(backend: Any, by_numpy: Any) -> None:
    expected = [alone(by_numpy, **settings) for settings in MANY]
    for ours, theirs in zip(together(backend, MANY), expected, strict=True):
        assert_alike(ours, theirs)


def test_a_long_text_and_a_short_one_are_read_side_by_side(backend: Any) -> None:
    """One that leaves no room on the first shelf for its next token, beside one of two tokens."""
    long, short = [*range(300, 556)], [7, 8]
    sessions = [backend.open(POINTS, 257) for _ in range(2)]
    for session, text in zip(sessions, (long, short), strict=True):
        session.prefill(text)
    asks = [Ask(9, session.past, POINTS) for session in sessions]
    for step, text in zip(backend._stepper.read_all(asks), (long, short), strict=True):
        expected = read_by_the_model(backend, [*text, 9]).step
        assert step.n_keys == len(text) + 1
        for name in ("logits", "resid", "mlp_out", "attn_out", "pattern"):
            assert_vectors_close(getattr(step, name), getattr(expected, name))
    for session in sessions:
        session.close()


def test_scores_far_apart_and_numbers_that_are_none_stay_what_they_are(floats: Any) -> None:
    decoder = floats._stepper._decoder
    session = floats.open(POINTS, 64)
    session.prefill([5, 6, 7])
    session.past.shelf.data.numpy()[:, 0, session.past.slot, :, :2] *= 1e4
    pattern = session.step(8).pattern
    assert pattern.min() >= 0
    assert pattern.sum(axis=-1) == pytest.approx(1.0, abs=1e-5)
    far = pattern[..., :2].max(axis=-1)  # such scores leave all to one key, or nothing at all
    assert ((far > 0.999) | (far == 0)).all()
    assert {0, 1} == set(far.round().ravel())
    decoder._embedding = decoder._embedding.copy()
    decoder._embedding[9] = float("nan")
    assert not torch.from_numpy(session.step(9).logits).isfinite().any()
    session.close()


def test_a_token_that_the_model_has_no_row_for_is_refused(floats: Any) -> None:
    session = floats.open(POINTS, 64)
    with pytest.raises(IndexError):
        session.prefill([5, 4097])
    session.close()


@pytest.mark.parametrize(
    "changed",
    [
        {"attention_bias": True},
        {"mlp_bias": True},
        {"hidden_act": "gelu"},
        {"head_dim": 16},
        {"intermediate_size": 150},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_it_cannot_read_is_read_by_numpy(save: Save, changed: dict[str, Any]) -> None:
    loaded(save(**changed), LlamaDecoder, next(iter(BUILDS.values())))


def test_a_large_model_is_read_by_numpy(
    folders: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "_MOST_BYTES", 100_000)
    loaded(folders["floats"], LlamaDecoder, next(iter(BUILDS.values())))
