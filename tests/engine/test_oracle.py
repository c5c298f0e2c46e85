"""The engine against an outsider: models written out in numpy, which share no code with it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

import numpy as np
import pytest

from mav_engine.contract.events import Token
from mav_engine.generation.capture import HookPoint, Step
from tests.engine.conftest import Case
from tests.engine.oracle import Insides, Oracle
from tests.engine.runs import tokens_by

PROMPT = "Once upon a time, there was a little girl who had a red"
tokens_of = partial(tokens_by, prompt=PROMPT)
POINTS: Collection[HookPoint] = frozenset({"resid", "mlp_out", "attn_out", "pattern", "lens"})
STEPS = 8
CAPTURE = ["residual", "mlp", "attention_entropy", "attention_rows", "logit_lens"]


@pytest.fixture(scope="module", params=["mav-tiny", "llama", "gpt2"])
def known(request: pytest.FixtureRequest, make_case: Callable[[str], Case]) -> Case:
    """GPT-2, and Llama as the embedded model and with keys that heads share."""
    return make_case(request.param)


@pytest.fixture(scope="module")
def text(known: Case) -> tuple[int, list[int], Insides]:
    """How long the prompt is, all ids of prompt and reply, and what the outsider says of them."""
    prompt = known.tokenizer(PROMPT)["input_ids"]
    tokens = tokens_of(known.backend, max_new_tokens=STEPS, min_new_tokens=STEPS)
    ids = prompt + [token.token.id for token in tokens]
    return len(prompt), ids, Oracle(known.folder).read(ids)


def assert_close(ours: np.ndarray | None, theirs: np.ndarray) -> None:
    """Each vector to 1e-4 of its length, and each number as closely."""
    assert ours is not None
    assert ours.shape == theirs.shape
    error = np.linalg.norm(ours - theirs, axis=-1)
    assert (error <= 1e-4 * np.linalg.norm(theirs, axis=-1)).all()
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * float(np.abs(theirs).max()))


def compare(step: Step, insides: Insides, at: int) -> None:
    assert_close(step.resid, insides.resid[:, at])
    assert_close(step.attn_out, insides.attn_out[:, at])
    assert_close(step.mlp_out, insides.mlp_out[:, at])
    assert_close(step.pattern, insides.pattern[:, :, at, : at + 1])
    assert_close(step.lens, insides.lens[:, at])
    assert_close(step.logits, insides.lens[-1, at])


def test_every_tensor_of_every_step(known: Case, text: tuple[int, list[int], Insides]) -> None:
    length, ids, insides = text
    session = known.backend.open(POINTS, len(ids))
    compare(session.prefill(ids[:length]).step, insides, length - 1)
    for at in range(length, len(ids)):
        compare(session.step(ids[at]), insides, at)
    session.close()


def test_every_tensor_of_every_prompt(known: Case, text: tuple[int, list[int], Insides]) -> None:
    """The model's own forward pass, which a decoder does not replace."""
    _, ids, insides = text
    for at in range(len(ids)):
        session = known.backend.open(POINTS, len(ids))
        compare(session.prefill(ids[: at + 1]).step, insides, at)
        session.close()


def test_every_event(known: Case, text: tuple[int, list[int], Insides]) -> None:
    length, ids, insides = text
    tokens = tokens_of(known.backend, max_new_tokens=STEPS, min_new_tokens=STEPS, capture=CAPTURE)
    assert [token.token.id for token in tokens] == ids[length:]
    for token in tokens:
        at = length + token.index - 1
        layers = token.layers
        pattern = insides.pattern[:, :, at, : at + 1]
        assert_close(layers.resid_norm, np.linalg.norm(insides.resid[:, at], axis=-1))
        assert_close(layers.mlp_norm, np.linalg.norm(insides.mlp_out[:, at], axis=-1))
        assert_close(layers.attn_norm, np.linalg.norm(insides.attn_out[:, at], axis=-1))
        shares = np.maximum(pattern, 1e-300)
        assert_close(layers.attn_entropy, -(pattern * np.log(shares)).sum(-1))
        assert_close(token.attention_rows, pattern)
        compare_lens(token, insides.lens[:, at])


def compare_lens(token: Token, lens: np.ndarray) -> None:
    assert token.logit_lens is not None
    assert [row.id for row in token.logit_lens] == lens.argmax(-1).tolist()
    shares = np.exp(lens - lens.max(-1, keepdims=True))
    probs = (shares / shares.sum(-1, keepdims=True)).max(-1)
    np.testing.assert_allclose([row.prob for row in token.logit_lens], probs, rtol=1e-4)
    ranks = (lens > lens[:, token.token.id, None]).sum(-1)
    assert [row.rank for row in token.logit_lens] == ranks.tolist()
    assert token.token.id == int(lens[-1].argmax())
    # The emitted token is the top one, with a value of 1 before the division.
    assert token.logprob == pytest.approx(-float(np.log(shares[-1].sum())), rel=1e-4, abs=1e-6)
