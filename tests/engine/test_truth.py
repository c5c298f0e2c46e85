"""Every number is the tensor it names: compared with transformers' own eager outputs."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from mav_engine import RunSettings, run
from mav_engine.contract.events import Token
from tests.engine.conftest import Case
from tests.engine.runs import tokens_by

PROMPT = "Once upon a time, there was a little girl who had a red"
tokens_of = partial(tokens_by, prompt=PROMPT)
CLOSE: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-5}


class Oracle:
    """One eager pass over the whole text, without a cache, with hooks of the test's own."""

    def __init__(self, case: Case, ids: list[int]) -> None:
        self.mlp_out: list[torch.Tensor] = []
        self.attn_out: list[torch.Tensor] = []
        self.resid_post: list[torch.Tensor] = []
        hooks = []
        for block in case.blocks():
            hooks.append(block.register_forward_hook(self._keep(self.resid_post)))
            hooks.append(block.mlp.register_forward_hook(self._keep(self.mlp_out)))
            attention = case.attention_of(block)
            hooks.append(attention.register_forward_hook(self._keep(self.attn_out)))
        with torch.no_grad():
            output = case.reference(
                torch.tensor([ids]), output_hidden_states=True, output_attentions=True
            )
        for hook in hooks:
            hook.remove()
        self.embedding = output.hidden_states[0][0]
        self.hidden_states = output.hidden_states
        self.logits = output.logits[0]
        self.attentions = output.attentions

    @staticmethod
    def _keep(into: list[torch.Tensor]) -> Any:
        def hook(_module: Any, _args: Any, output: Any) -> None:
            into.append((output[0] if isinstance(output, tuple) else output)[0])

        return hook

    def resid(self, at: int) -> np.ndarray:
        return torch.stack([self.embedding[at], *(t[at] for t in self.resid_post)]).numpy()


@pytest.fixture(scope="session")
def measured(case: Case) -> tuple[list[int], list[Token], Oracle]:
    prompt = case.tokenizer(PROMPT)["input_ids"]
    tokens = tokens_of(case.backend, max_new_tokens=12, min_new_tokens=12)
    return prompt, tokens, Oracle(case, prompt + [token.token.id for token in tokens])


def test_greedy_text_is_that_of_generate(case: Case) -> None:
    events = list(run(RunSettings(prompt=PROMPT, max_new_tokens=40), backend=case.backend))
    ids = torch.tensor([case.tokenizer(PROMPT)["input_ids"]])
    expected = case.reference.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=40
    )[0, ids.shape[1] :].tolist()
    tokens = [event for event in events if isinstance(event, Token)]
    assert [token.token.id for token in tokens] == expected
    text = case.tokenizer.decode(expected, skip_special_tokens=True)
    assert "".join(token.text for token in tokens) == text
    assert events[-1].text == text


def test_logits_and_probabilities(measured: tuple[list[int], list[Token], Oracle]) -> None:
    prompt, tokens, oracle = measured
    for token in tokens:
        logits = oracle.logits[len(prompt) + token.index - 1]
        probs = logits.softmax(-1)
        ids = [row.id for row in token.top]
        np.testing.assert_allclose([row.logit for row in token.top], logits[ids], **CLOSE)
        np.testing.assert_allclose([row.prob for row in token.top], probs[ids], **CLOSE)
        assert token.top[0].id == int(logits.argmax())
        # Where the model is nearly sure both are differences of numbers a thousand times as large.
        logprob = float(logits.log_softmax(-1)[token.token.id])
        assert token.logprob == pytest.approx(logprob, rel=1e-4, abs=1e-5)
        entropy = float(torch.special.entr(probs).sum())
        assert token.entropy == pytest.approx(entropy, rel=1e-4, abs=1e-5)
        assert token.distribution.effective_tokens == pytest.approx(math.exp(entropy), rel=1e-3)
        assert token.distribution.rank_bins.sum() == pytest.approx(1, rel=1e-4)
        assert token.rank == int((logits > logits[token.token.id]).sum())


def test_residual_stream(measured: tuple[list[int], list[Token], Oracle]) -> None:
    prompt, tokens, oracle = measured
    for token in tokens:
        at = len(prompt) + token.index - 1
        expected = np.linalg.norm(oracle.resid(at), axis=-1)
        np.testing.assert_allclose(token.layers.resid_norm, expected, **CLOSE)
        # All rows but the last are what transformers calls hidden states, too.
        states = [float(state[0, at].norm()) for state in oracle.hidden_states[:-1]]
        np.testing.assert_allclose(token.layers.resid_norm[:-1], states, **CLOSE)


def test_block_outputs(measured: tuple[list[int], list[Token], Oracle]) -> None:
    prompt, tokens, oracle = measured
    for token in tokens:
        at = len(prompt) + token.index - 1
        mlp = [float(out[at].norm()) for out in oracle.mlp_out]
        attn = [float(out[at].norm()) for out in oracle.attn_out]
        np.testing.assert_allclose(token.layers.mlp_norm, mlp, **CLOSE)
        np.testing.assert_allclose(token.layers.attn_norm, attn, **CLOSE)


def test_attention_entropy(measured: tuple[list[int], list[Token], Oracle]) -> None:
    prompt, tokens, oracle = measured
    for token in tokens:
        at = len(prompt) + token.index - 1
        expected = [
            torch.special.entr(layer[0, :, at]).sum(-1).numpy() for layer in oracle.attentions
        ]
        np.testing.assert_allclose(token.layers.attn_entropy, expected, **CLOSE)
        assert token.layers.attn_entropy_max == pytest.approx(math.log(at + 1))


def test_prompt_tokens(case: Case, measured: tuple[list[int], list[Token], Oracle]) -> None:
    prompt, _, oracle = measured
    event = list(run(RunSettings(prompt=PROMPT, max_new_tokens=1), backend=case.backend))[1]
    assert [token.id for token in event.tokens] == prompt
    assert event.tokens[0].logprob is None
    assert event.tokens[0].entropy is None
    logprobs = oracle.logits.double().log_softmax(-1)
    for at, token in enumerate(event.tokens[1:], start=1):
        assert token.logprob == pytest.approx(float(logprobs[at - 1, token.id]), rel=1e-4)
        entropy = float(torch.special.entr(logprobs[at - 1].exp()).sum())
        assert token.entropy == pytest.approx(entropy, rel=1e-4)


@pytest.mark.parametrize("how", ["max_abs", "mean_abs", "rms"])
def test_aggregations(tiny_case: Case, how: str) -> None:
    prompt = tiny_case.tokenizer(PROMPT)["input_ids"]
    token = tokens_of(tiny_case.backend, max_new_tokens=1, aggregation=how)[0]
    rows = Oracle(tiny_case, prompt).resid(len(prompt) - 1)
    expected = {
        "max_abs": np.abs(rows).max(-1),
        "mean_abs": np.abs(rows).mean(-1),
        "rms": np.sqrt((rows**2).mean(-1)),
    }[how]
    np.testing.assert_allclose(token.layers.resid_norm, expected, **CLOSE)


def test_forced_tokens_are_measured_like_chosen_ones(case: Case) -> None:
    chosen = tokens_of(case.backend, max_new_tokens=8, min_new_tokens=8)
    forced = tokens_of(
        case.backend,
        max_new_tokens=8,
        min_new_tokens=8,
        forced_ids=[t.token.id for t in chosen[:5]],
    )
    assert [token.forced for token in forced] == [True] * 5 + [False] * 3
    for ours, theirs in zip(forced, chosen, strict=True):
        assert ours.token == theirs.token
        assert ours.logprob == pytest.approx(theirs.logprob, rel=1e-4)
        assert [row.id for row in ours.top] == [row.id for row in theirs.top]
        for name in ("resid_norm", "mlp_norm", "attn_norm", "attn_entropy"):
            one, other = getattr(ours.layers, name), getattr(theirs.layers, name)
            np.testing.assert_allclose(one, other, **CLOSE)


def test_a_prompt_read_in_chunks_gives_the_same_numbers(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = list(run(RunSettings(prompt=PROMPT, max_new_tokens=2), backend=case.backend))
    monkeypatch.setattr("mav_engine.backends.hf.session._CHUNK", 5)
    monkeypatch.setattr("mav_engine.backends.inference.session.DECODER_CHUNK", 5)
    monkeypatch.setattr("mav_engine.backends.inference.session.PREFILL_CHUNK", 5)
    parts = list(run(RunSettings(prompt=PROMPT, max_new_tokens=2), backend=case.backend))
    for one, other in zip(whole[1].tokens[1:], parts[1].tokens[1:], strict=True):
        assert one.logprob == pytest.approx(other.logprob, rel=1e-4)
        assert one.entropy == pytest.approx(other.entropy, rel=1e-4)
    for one, other in zip(whole[2:4], parts[2:4], strict=True):
        assert one.token == other.token
        np.testing.assert_allclose(one.layers.attn_entropy, other.layers.attn_entropy, **CLOSE)
        np.testing.assert_allclose(one.layers.resid_norm, other.layers.resid_norm, **CLOSE)


def test_the_decoder_agrees_with_the_models_own_pass(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = case.by_transformers
    short = tokens_of(backend, max_new_tokens=8, min_new_tokens=8)
    has_decoder = case.kind in {"mav-tiny", "gpt2", "llama", "qwen2", "qwen3"}
    assert (backend._batch_decoder is not None) == has_decoder
    monkeypatch.setattr(backend, "_batch_decoder", None)
    general = tokens_of(backend, max_new_tokens=8, min_new_tokens=8)
    for one, other in zip(short, general, strict=True):
        assert one.token == other.token
        assert one.logprob == pytest.approx(other.logprob, rel=1e-4)
        for name in ("resid_norm", "mlp_norm", "attn_norm", "attn_entropy"):
            ours, theirs = getattr(one.layers, name), getattr(other.layers, name)
            np.testing.assert_allclose(ours, theirs, **CLOSE)


def test_attention_rows(case: Case, measured: tuple[list[int], list[Token], Oracle]) -> None:
    prompt, tokens, oracle = measured
    ids = [token.token.id for token in tokens]
    capture = ["attention_rows"]
    for token in tokens_of(case.backend, max_new_tokens=4, forced_ids=ids[:4], capture=capture):
        at = len(prompt) + token.index - 1
        expected = torch.stack([layer[0, :, at, : at + 1] for layer in oracle.attentions])
        np.testing.assert_allclose(token.attention_rows, expected, **CLOSE)


def test_logit_lens(case: Case, measured: tuple[list[int], list[Token], Oracle]) -> None:
    prompt, tokens, oracle = measured
    norm = case.reference.get_submodule(
        {"gpt2": "transformer.ln_f", "gpt_neox": "gpt_neox.final_layer_norm"}.get(
            case.kind, "model.norm"
        )
    )
    ids = [token.token.id for token in tokens]
    for token in tokens_of(
        case.backend, max_new_tokens=4, forced_ids=ids[:4], capture=["logit_lens"]
    ):
        at = len(prompt) + token.index - 1
        with torch.no_grad():
            rows = torch.stack([post[at] for post in oracle.resid_post])
            logits = case.reference.get_output_embeddings()(norm(rows))
        if case.kind == "gemma2":
            logits = torch.tanh(logits / 5.0) * 5.0
        assert [row.id for row in token.logit_lens] == logits.argmax(-1).tolist()
        probs = logits.softmax(-1).max(-1).values
        np.testing.assert_allclose([row.prob for row in token.logit_lens], probs, **CLOSE)
        ranks = (logits > logits[:, token.token.id, None]).sum(-1)
        assert [row.rank for row in token.logit_lens] == ranks.tolist()
        # The last layer's lens is the model itself.
        assert token.logit_lens[-1].id == token.top[0].id
        assert token.logit_lens[-1].rank == token.rank


def test_measurements_that_are_not_captured_are_absent(case: Case) -> None:
    token = tokens_of(case.backend, max_new_tokens=1)[0]
    assert token.attention_rows is None
    assert token.logit_lens is None
