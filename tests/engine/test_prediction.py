"""Figures of the raw distribution against torch."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mav_engine.backends.inference.kernels.native.prediction import prediction_builds
from mav_engine.errors import NotFinite
from mav_engine.generation.prediction import RANK_BINS, Prediction, rank_bin_edges

LOGITS = arrays(
    np.float32, st.integers(1, 300), elements=st.floats(-50, 50, width=32, allow_nan=False)
)


@settings(deadline=None)
@given(LOGITS)
def test_figures_are_those_of_torch(logits: np.ndarray) -> None:
    prediction, exact = Prediction(logits), torch.from_numpy(logits).double()
    np.testing.assert_allclose(prediction.probs, exact.softmax(-1), rtol=1e-4, atol=1e-7)
    assert prediction.logprob(0) == pytest.approx(float(exact.log_softmax(-1)[0]), abs=1e-5)
    entropy = float(torch.special.entr(exact.softmax(-1)).sum())
    assert prediction.entropy == pytest.approx(entropy, rel=1e-4, abs=1e-5)
    edges = rank_bin_edges(len(logits))
    np.testing.assert_allclose(prediction.rank_mass(edges), mass(logits, edges), 1e-4, 1e-6)


def mass(logits: np.ndarray, edges: list[int]) -> list[float]:
    ranked = torch.from_numpy(logits).double().softmax(-1).sort(descending=True).values
    return [float(ranked[a:b].sum()) for a, b in pairwise(edges)]


@pytest.mark.parametrize("vocabulary", [2049, 4096, 16384, 16385, 50257, 151936])
@pytest.mark.parametrize("spread", [0.0, 0.01, 3.0, 20.0])
def test_every_rank_of_a_large_vocabulary_is_in_a_bin(vocabulary: int, spread: float) -> None:
    logits = spread * np.random.default_rng(0).standard_normal((3, vocabulary), dtype=np.float32)
    logits[1, ::3] = -np.inf
    logits[2, 5:9] = logits[2].max()  # ties
    even = np.linspace(0, vocabulary, 21).astype(int).tolist()
    for compiled in (None, *prediction_builds().values()):
        for row, prediction in enumerate(Prediction.of_rows(logits, compiled)):
            assert prediction is not None
            ranked = np.lexsort((np.arange(vocabulary), -logits[row]))
            assert prediction.top(100).tolist() == ranked[:100].tolist()
            for edges in (rank_bin_edges(vocabulary), even, [0, vocabulary], [0, 2048, vocabulary]):
                masses = prediction.rank_mass(edges)
                np.testing.assert_allclose(masses, mass(logits[row], edges), 1e-4, 1e-12)
                assert (masses >= 0).all()
                assert masses.dtype == np.float32


@pytest.mark.compiled("prediction")
@pytest.mark.parametrize("build", prediction_builds())
@settings(deadline=None)
@given(st.data())
def test_compiled_figures_are_those_of_numpy(build: str, data: st.DataObject) -> None:
    compiled = prediction_builds()[build]
    numbers = st.floats(-200, 200, width=32) | st.sampled_from([0, 1, -np.inf])
    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 70)))
    given = data.draw(arrays(np.float32, shape, elements=numbers))
    # A row may be part of a longer one, as in the outputs of the compiled pass.
    logits = np.pad(given, ((0, 0), (0, 3)), constant_values=np.nan)[:, : shape[1]]
    edges = rank_bin_edges(shape[1])
    pairs = zip(Prediction.of_rows(logits), Prediction.of_rows(logits, compiled), strict=True)
    for exact, ours in pairs:
        if exact is None or ours is None:
            assert exact is ours
            continue
        assert ours.log_total == pytest.approx(exact.log_total, rel=1e-6, abs=1e-6)
        assert ours.entropy == pytest.approx(exact.entropy, rel=1e-5, abs=2e-6)
        assert ours.top(20).tolist() == exact.top(20).tolist()
        ours_top, exact_top = ours.top_numbers(20), exact.top_numbers(20)
        assert ours_top[0] == exact_top[0]
        assert ours_top[1] == pytest.approx(exact_top[1], rel=1e-6)
        np.testing.assert_allclose(ours.rank_mass(edges), exact.rank_mass(edges), 1e-5, 1e-37)
        np.testing.assert_allclose(ours.probs, exact.probs, 1e-6)


@pytest.mark.compiled("prediction")
@pytest.mark.parametrize("build", prediction_builds())
def test_compiled_figures_of_rows_that_are_not_finite(build: str) -> None:
    bad = [[np.nan, *[0.0] * 20], [*[0.0] * 20, np.inf], [-np.inf] * 21, [*[0.0] * 20, np.nan]]
    rows = np.array([*bad, range(21)], dtype=np.float32)
    *none, last = Prediction.of_rows(rows, prediction_builds()[build])
    assert none == [None] * 4
    assert last is not None
    assert last.top(2).tolist() == [20, 19]
    assert last.rank_mass([0, 1, 21]) == pytest.approx(Prediction(rows[4]).rank_mass([0, 1, 21]))


@settings(deadline=None)
@given(LOGITS, st.integers(1, 20))
def test_top_is_the_likeliest_with_the_lower_id_first(logits: np.ndarray, count: int) -> None:
    expected = sorted(range(len(logits)), key=lambda i: (-logits[i], i))[:count]
    assert Prediction(logits).top(count).tolist() == expected


@settings(deadline=None)
@given(LOGITS)
def test_a_rank_is_the_number_of_higher_logits(logits: np.ndarray) -> None:
    prediction = Prediction(logits)
    ranks = [prediction.rank(token_id) for token_id in range(len(logits))]
    assert ranks == [sum(other > logit for other in logits) for logit in logits]


def test_numbers_of_the_likeliest_are_theirs() -> None:
    prediction = Prediction(np.array([0.1, 2, -1.7, 1], dtype=np.float32))
    logits, probs = prediction.top_numbers(9)
    assert prediction.top(9).tolist() == [1, 3, 0, 2]
    assert logits == [2.0, 1.0, 0.1, -1.7]
    assert probs == pytest.approx(prediction.probs[[1, 3, 0, 2]])


@pytest.mark.parametrize(
    ("logits", "message"),
    [
        ([0, np.nan, 1], "hold NaN"),
        ([0, np.inf, 1], "hold Infinity"),
        ([-np.inf, -np.inf], "are all -Infinity"),
    ],
)
def test_logits_that_are_not_finite_are_refused(logits: list[float], message: str) -> None:
    with pytest.raises(NotFinite, match=f"logits {message}, so no token"):
        Prediction(np.array(logits, dtype=np.float32))


def test_a_run_whose_logits_are_not_finite_does_not_change_the_others() -> None:
    bad = [[np.nan, 0, 1], [np.inf, 0, 1], [-np.inf] * 3]
    rows = np.array([*bad, [0, 2, 1]], dtype=np.float32)
    *none, last = Prediction.of_rows(rows)
    assert none == [None] * 3
    assert last is not None
    alone = Prediction(rows[3])
    assert last.top(2).tolist() == alone.top(2).tolist() == [1, 2]
    assert last.top_numbers(2) == alone.top_numbers(2)
    assert last.rank_mass([0, 1, 3]).tolist() == alone.rank_mass([0, 1, 3]).tolist()
    assert (last.entropy, last.log_total) == (alone.entropy, alone.log_total)


def test_the_largest_numbers_of_float32_are_no_error() -> None:
    prediction = Prediction(np.array([3e38, -3e38], dtype=np.float32))
    assert (prediction.probs.tolist(), prediction.entropy) == ([1, 0], 0)


def test_a_masked_token_is_no_error() -> None:
    prediction = Prediction(np.array([0, -np.inf, 0], dtype=np.float32))
    assert prediction.entropy == pytest.approx(np.log(2))
    assert prediction.probs[1] == 0


@pytest.mark.parametrize("vocabulary", [1, 7, 20, 257, 4096, 50257, 262144])
def test_bins_cover_every_rank_once(vocabulary: int) -> None:
    edges = rank_bin_edges(vocabulary)
    assert len(edges) == RANK_BINS + 1
    assert edges[0] == 0
    assert edges[-1] == vocabulary
    assert edges == sorted(edges)
