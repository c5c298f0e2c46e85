"""Llamas that are read without transformers: number by number what transformers gives.

Once by numpy with the compiled code, and once by numpy alone.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer

from mav_engine import RunSettings, run
from mav_engine.backends import Backend
from mav_engine.backends.hf.load import load
from mav_engine.backends.inference.decoders import compiled_llama
from mav_engine.backends.inference.kernels import numpy_linear
from mav_engine.backends.native.numpy_backend import load_by_numpy
from mav_engine.backends.native.tensors import stored_tensors
from mav_engine.backends.native.tokenizer import read_tokenizer
from mav_engine.defaults import PREFIX_BYTES
from mav_engine.errors import UnusableModel
from mav_engine.generation.capture import HookPoint, Step
from mav_engine.text.tokens import Vocabulary
from tests.engine.conftest import EMBEDDED, Case
from tests.engine.runs import alone, assert_alike, tokens_of

POINTS: frozenset[HookPoint] = frozenset(
    {"resid", "mlp_out", "attn_out", "pattern", "full_pattern", "lens"}
)
AS_IT_IS: dict[str, Any] = {"dtype": "auto", "prefix_bytes": PREFIX_BYTES}
KINDS = ("mav-tiny", "llama")
"""The embedded model, and one whose heads share keys and whose unembedding is its own."""
TEXTS = [
    "",
    "Once upon a time, there was a little girl.",
    "  two spaces\n\n\tand a tab ",
    "naïve café – 東京 🙂 \u0000 x",
    "before <|endoftext|> after",
]


Loader = Callable[..., Backend | None]


def load_by_numpy_alone(folder: str, **given: Any) -> Backend | None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(compiled_llama, "llama_build", lambda: None)
        for build in ("products_build", "halves_build"):
            patched.setattr(numpy_linear, build, lambda: None)
        return load_by_numpy(folder, **given)


LOADERS: dict[str, Loader] = {
    "numpy": load_by_numpy,
    "numpy alone": load_by_numpy_alone,
}


@pytest.fixture(scope="module", params=[(loader, kind) for loader in LOADERS for kind in KINDS])
def pair(request: pytest.FixtureRequest, make_case: Callable[[str], Case]) -> Any:
    """A model read without transformers, and by it."""
    loader, kind = request.param
    folder = str(make_case(kind).folder)
    ours = LOADERS[loader](folder, name=kind, **AS_IT_IS)
    assert ours is not None
    return ours, load(folder, name=kind, device="cpu", **AS_IT_IS)


def close(one: np.ndarray | None, other: np.ndarray | None) -> None:
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-4 * float(np.abs(other).max()))


def assert_same_step(one: Step, other: Step) -> None:
    assert one.n_keys == other.n_keys
    for name in ("logits", "resid", "mlp_out", "attn_out", "pattern", "lens"):
        close(getattr(one, name), getattr(other, name))


def test_every_tensor_of_prompt_and_steps_is_that_of_transformers(pair: Any) -> None:
    ours, theirs = (backend.open(POINTS, 64) for backend in pair)
    ids = np.linspace(1, 4000, 23).astype(int).tolist()
    read, expected = ours.prefill(ids), theirs.prefill(ids)
    assert_same_step(read.step, expected.step)
    close(read.pattern, expected.pattern)
    for one, other in ((read.logprobs, expected.logprobs), (read.entropies, expected.entropies)):
        close(np.array(one[1:]), np.array(other[1:]))
    for token_id in (7, 300, 7):
        assert_same_step(ours.step(token_id), theirs.step(token_id))
    # Prefetched tokens are computed in one pass, after those before them.
    for session in (ours, theirs):
        session.prefetch([11, 12, 13, 14])
    for token_id in (11, 12, 13, 14):
        assert_same_step(ours.step(token_id), theirs.step(token_id))
    ours.close()
    theirs.close()


def test_a_long_prompt_is_read_in_parts_as_at_once(
    pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    length = pair[0].info.context - 8
    ids = (np.arange(length) * 37 % 4096).tolist()
    ours, theirs = (backend.open(POINTS, length) for backend in pair)
    at_once = theirs.prefill(ids)
    monkeypatch.setattr("mav_engine.backends.inference.session.PREFILL_CHUNK", 40)
    in_parts = ours.prefill(ids)
    assert_same_step(in_parts.step, at_once.step)
    close(in_parts.pattern, at_once.pattern)
    ours.close()
    theirs.close()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"capture": ["attention_rows", "logit_lens", "tiles", "attention_map", "residual"]},
        {"temperature": 0.9, "seed": 5, "top_p": 0.9, "repetition_penalty": 1.2},
        {"tile": {"projection": "pca", "signal": "mlp"}, "capture": ["tiles"]},
    ],
)
def test_a_run_has_the_same_events(pair: Any, given: dict[str, Any]) -> None:
    settings = {"prompt": "Once upon a time there was", "max_new_tokens": 20, **given}
    ours, theirs = (alone(backend, **settings) for backend in pair)
    assert_alike(ours, theirs)
    for one, other in zip(tokens_of(ours), tokens_of(theirs), strict=True):
        assert (one.tiles is None) == (other.tiles is None)
        if one.tiles is not None and other.tiles is not None:
            np.testing.assert_allclose(one.tiles.data, other.tiles.data, atol=1e-3)


def test_its_description_is_the_same(pair: Any) -> None:
    ours, theirs = pair
    assert ours.info == theirs.info
    assert ours.eos_ids == theirs.eos_ids
    assert ours.fingerprint == theirs.fingerprint
    assert ours.vocabulary.digest == theirs.vocabulary.digest
    point: HookPoint = "mlp_out"
    close(ours.activations([5, 6, 7], point), theirs.activations([5, 6, 7], point))


def test_a_run_resumes_where_the_other_stopped(pair: Any) -> None:
    ours, theirs = pair
    settings = RunSettings(prompt="One day", max_new_tokens=4, temperature=0.8, seed=3)
    stopped = list(run(settings, backend=theirs))[-1]
    whole = alone(theirs, **settings.model_copy(update={"max_new_tokens": 9}).model_dump())
    more = alone(ours, resume=stopped.resume, max_new_tokens=5)
    assert [t.token.id for t in tokens_of(more)] == [t.token.id for t in tokens_of(whole)[4:]]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("special", [True, False])
def test_the_tokenizer_encodes_and_decodes_alike(text: str, special: bool) -> None:
    own = read_tokenizer(EMBEDDED, {"model_type": "llama"})
    ours, theirs = Vocabulary(own), Vocabulary(AutoTokenizer.from_pretrained(EMBEDDED))
    ids = ours.encode(text, special=special)
    assert ids == theirs.encode(text, special=special)
    assert ours.decode(ids) == theirs.decode(ids)
    assert ours.labels(ids) == theirs.labels(ids)


def test_all_labels_are_alike() -> None:
    own = read_tokenizer(EMBEDDED, {"model_type": "llama"})
    ours, theirs = Vocabulary(own), Vocabulary(AutoTokenizer.from_pretrained(EMBEDDED))
    beyond = range(len(own) + 2)
    assert ours.labels(beyond) == theirs.labels(beyond)
    assert ours.special == theirs.special
    assert ours.white_space == theirs.white_space


def _changed(folder: Path, file: str, **changes: Any) -> None:
    path = folder / file
    path.write_text(
        json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8"
    )


NOT_UNDERSTOOD: dict[str, Callable[[Path], None]] = {
    "biases that are not there": lambda folder: _changed(
        folder, "config.json", attention_bias=True
    ),
    "another activation": lambda folder: _changed(folder, "config.json", hidden_act="gelu"),
    "other turns": lambda folder: _changed(
        folder, "config.json", rope_parameters={"rope_theta": 1e4, "rope_type": "longrope"}
    ),
    "a word that is not known": lambda folder: _changed(folder, "config.json", surprise=1),
    "a size that is none": lambda folder: _changed(folder, "config.json", head_dim="64"),
    "other sizes than the weights": lambda folder: _changed(folder, "config.json", vocab_size=9),
    "a tokenizer of another class": lambda folder: _changed(
        folder, "tokenizer_config.json", tokenizer_class="CodeLlamaTokenizer"
    ),
    "a part of the weights": lambda folder: (
        (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors") and None
    ),
    "a broken file": lambda folder: (
        (folder / "config.json").write_text("{", encoding="utf-8") and None
    ),
}


@pytest.mark.parametrize("what", NOT_UNDERSTOOD)
def test_unknown_configurations_are_left_to_transformers(what: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EMBEDDED, tmp_path / "model"))
    assert load_by_numpy(str(folder), name="model", **AS_IT_IS) is not None
    NOT_UNDERSTOOD[what](folder)
    assert load_by_numpy(str(folder), name="model", **AS_IT_IS) is None


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_weights_of_every_float_type_are_read(dtype: torch.dtype, tmp_path: Path) -> None:
    stored = {"a": torch.randn(5, 3).to(dtype), "b": torch.randn(7).to(dtype)}
    save_file(stored, tmp_path / "model.safetensors")
    ours = stored_tensors(tmp_path)
    assert ours.keys() == stored.keys()
    for name, tensor in stored.items():
        assert ours[name].is_float
        np.testing.assert_array_equal(ours[name].read(), tensor.float().numpy())


def test_a_text_ends_where_the_generation_config_says(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EMBEDDED, tmp_path / "model"))
    _changed(folder, "generation_config.json", eos_token_id=[5, 7, 1_000_000, -1])
    backend = load_by_numpy(str(folder), name="model", **AS_IT_IS)
    assert backend is not None
    assert backend.eos_ids == {5, 7}
    _changed(folder, "generation_config.json", eos_token_id="end")
    with pytest.raises(UnusableModel, match="must be a token id"):
        load_by_numpy(str(folder), name="model", **AS_IT_IS)


def test_other_packages_precisions_are_left_to_transformers() -> None:
    wanted = AS_IT_IS | {"dtype": "int8"}
    assert load_by_numpy(str(EMBEDDED), name="model", **wanted) is None


def test_the_first_words_of_the_embedded_model_wait_for_no_torch() -> None:
    code = (
        "import sys\n"
        "from mav_engine import RunSettings, run\n"
        "from mav_engine.backends import load_backend\n"
        "backend = load_backend('mav-tiny')\n"
        "print(len(list(run(RunSettings(prompt='One', max_new_tokens=3), backend=backend))))\n"
        "print([n for n in ('transformers', 'torch') if n in sys.modules])\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split("\n")[1] == "[]"


def test_other_threads_run_while_a_long_text_is_cut_into_tokens() -> None:
    tokenizer = read_tokenizer(EMBEDDED, {"model_type": "llama"})
    scheduler, ended = 0, threading.Event()

    def count() -> None:
        nonlocal scheduler
        while not ended.wait(0.001):
            scheduler += 1

    counter = threading.Thread(target=count)
    counter.start()
    try:
        before = scheduler
        ids = tokenizer("漢" * 131_072, add_special_tokens=False)["input_ids"]
        passed = scheduler - before
    finally:
        ended.set()
        counter.join()
    assert len(ids) >= 131_072
    # With Python's lock held it is the one or two turns before and after the call.
    assert passed > 10
