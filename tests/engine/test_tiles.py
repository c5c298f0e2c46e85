"""Tiles: an independent projection of transformers' own tensors gives the same pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mav_engine import MavError, RunSettings, run
from mav_engine.backends.calibration import calibration_text
from mav_engine.backends.fake import FakeBackend
from mav_engine.contract.events import Event, from_json, to_json
from mav_engine.probes.base import FitContext
from mav_engine.probes.tiles import Projection, fit
from tests.engine.conftest import Case

PROMPT = "Once upon a time, there was a little girl who had a red"
SIGNALS = ["residual", "mlp", "attn"]


def events_of(case: Case, **tile: Any) -> list[Event]:
    settings = RunSettings(
        prompt=PROMPT, max_new_tokens=4, min_new_tokens=4, capture=["tiles"], tile=tile
    )
    return list(run(settings, backend=case.backend))


def eager_vectors(case: Case, ids: list[int], signal: str) -> np.ndarray:
    """[n_layers, len(ids), d_model] by hooks of the test's own on an eager pass."""
    kept: list[torch.Tensor] = []

    def keep(_module: Any, _args: Any, output: Any) -> None:
        kept.append((output[0] if isinstance(output, tuple) else output)[0])

    modules = {
        "residual": case.blocks(),
        "mlp": [block.mlp for block in case.blocks()],
        "attn": [case.attention_of(block) for block in case.blocks()],
    }[signal]
    hooks = [module.register_forward_hook(keep) for module in modules]
    with torch.no_grad():
        case.reference(torch.tensor([ids]))
    for hook in hooks:
        hook.remove()
    return torch.stack(kept).double().numpy()


def ids_of(case: Case, events: list[Event]) -> tuple[list[int], list[int], list[int]]:
    """Prompt, calibration and new ids."""
    context = case.backend.info.context or 128
    prompt = [token.id for token in events[1].tokens]
    calibration = case.tokenizer(calibration_text())["input_ids"][: min(512, context)]
    return prompt, calibration, [event.token.id for event in events[2:-1]]


def centred(case: Case, events: list[Event], signal: str) -> tuple[np.ndarray, np.ndarray]:
    """[n_layers, n, d_model] fitted and [n_layers, tokens, d_model] measured, less their mean."""
    prompt, calibration, new = ids_of(case, events)
    fitted = [eager_vectors(case, prompt, signal), eager_vectors(case, calibration, signal)]
    both = np.concatenate(fitted, axis=1)
    mean = both.mean(axis=1, keepdims=True)
    text = eager_vectors(case, prompt + new[:-1], signal)[:, len(prompt) - 1 :]
    return both - mean, text - mean


@pytest.mark.parametrize("signal", SIGNALS)
def test_random_tiles(case: Case, signal: str) -> None:
    events = events_of(case, height=4, width=6, signal=signal)
    fitted, measured = centred(case, events, signal)
    d_model = fitted.shape[2]
    for layer, (seen, text) in enumerate(zip(fitted, measured, strict=True)):
        random = np.random.default_rng([20210301, layer, d_model])
        directions = random.standard_normal((24, d_model), dtype=np.float32) / np.sqrt(d_model)
        deviation = np.sqrt(((seen @ directions.T) ** 2).mean())
        expected = (text @ directions.T / deviation).reshape(-1, 4, 6)
        ours = np.stack([event.tiles[layer] for event in events[2:-1]])
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("signal", SIGNALS)
def test_principal_components(case: Case, signal: str) -> None:
    events = events_of(case, height=2, width=3, projection="pca", signal=signal)
    fitted, measured = centred(case, events, signal)
    for layer, (seen, text) in enumerate(zip(fitted, measured, strict=True)):
        # With eigenvectors of the covariance; the engine uses singular vectors.
        sizes, axes = np.linalg.eigh(seen.T @ seen / len(seen))
        largest = axes[:, ::-1][:, :6]
        peaks = largest[np.abs(largest).argmax(axis=0), range(6)]
        scores = seen @ (largest * np.sign(peaks))
        expected = text @ (largest * np.sign(peaks)) / np.sqrt((scores**2).mean())
        ours = np.stack([event.tiles[layer].ravel() for event in events[2:-1]])
        # Components with nearly equal variance may rotate.
        apart = np.diff(sizes[::-1][:7]) / sizes[::-1][:6] < -0.02
        steady = apart & np.concatenate([[True], apart[:-1]])
        assert steady.any()
        np.testing.assert_allclose(ours[:, steady], expected[:, steady], rtol=1e-3, atol=2e-3)


def test_cells_beyond_the_rank_of_the_fit_are_zero(case: Case) -> None:
    events = events_of(case, height=32, width=32, projection="pca")
    fitted, _ = centred(case, events, "residual")
    rank = min(fitted.shape[1] - 1, fitted.shape[2])
    assert rank < 1024
    for event in events[2:-1]:
        cells = event.tiles.reshape(len(event.tiles), -1)
        assert not cells[:, rank:].any()
        assert (cells[:, : rank // 2] != 0).all()
        # All components together keep the vector's length, in units of one deviation.
        assert np.isfinite(cells).all()


def test_all_components_keep_the_length_of_the_vectors(tiny_case: Case) -> None:
    events = events_of(tiny_case, height=32, width=32, projection="pca")
    fitted, measured = centred(tiny_case, events, "residual")
    components = np.linalg.matrix_rank(fitted[0])
    for layer, text in enumerate(measured):
        deviation = np.sqrt((fitted[layer] ** 2).sum() / fitted.shape[1] / components)
        ours = [np.linalg.norm(event.tiles[layer]) for event in events[2:-1]]
        expected = np.linalg.norm(text, axis=1) / deviation
        np.testing.assert_allclose(ours, expected, rtol=1e-3)


def test_a_larger_random_tile_begins_like_a_smaller_one_up_to_the_scale(tiny_case: Case) -> None:
    small = events_of(tiny_case, height=4, width=4)[2].tiles.reshape(6, -1)
    large = events_of(tiny_case, height=8, width=8)[2].tiles.reshape(6, -1)
    ratios = large[:, :16] / small
    np.testing.assert_allclose(ratios, ratios[:, :1] * np.ones(16), rtol=1e-4)


def test_two_runs_draw_a_token_alike_and_a_scale_holds_for_the_whole_run(tiny_case: Case) -> None:
    one, two = events_of(tiny_case), events_of(tiny_case)
    for first, second in zip(one[2:-1], two[2:-1], strict=True):
        np.testing.assert_array_equal(first.tiles, second.tiles)
    peaks = {float(np.abs(event.tiles).max()) for event in one[2:-1]}
    assert len(peaks) == 4, "tiles are not stretched to each step's own largest cell"


def test_the_fit_changes_nothing_else(tiny_case: Case) -> None:
    state = torch.get_rng_state()
    np_state = np.random.get_state()[1].copy()
    with_tiles = events_of(tiny_case)
    assert torch.equal(torch.get_rng_state(), state)
    assert (np.random.get_state()[1] == np_state).all()
    settings = RunSettings(prompt=PROMPT, max_new_tokens=4, min_new_tokens=4)
    plain = list(run(settings, backend=tiny_case.backend))
    for one, other in zip(with_tiles[2:-1], plain[2:-1], strict=True):
        assert (one.token, one.logprob) == (other.token, other.logprob)
        assert other.tiles is None


def test_the_calibration_text_is_read_once_a_model(
    tiny_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    events_of(tiny_case)

    def refuse() -> str:
        raise AssertionError("read again")

    monkeypatch.setattr("mav_engine.backends.calibration.calibration_text", refuse)
    events_of(tiny_case, projection="pca")
    with pytest.raises(AssertionError):
        tiny_case.backend._calibration.ids()


def test_tiles_come_back_from_the_wire(tiny_case: Case) -> None:
    event = events_of(tiny_case)[2]
    back = from_json(to_json(event)).tiles
    assert back.shape == (6, 16, 16)
    np.testing.assert_allclose(back, event.tiles, rtol=1e-3, atol=1e-5)


def test_tiles_that_would_take_too_much_memory_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mav_engine.probes.tiles.MAX_PROJECTION_NUMBERS", 3 * 8 * 100)
    given = {"prompt": "hi", "capture": ["tiles"]}
    with pytest.raises(MavError, match=r"256 cells.* at most 100") as caught:
        run(RunSettings(**given), backend=FakeBackend())
    assert caught.value.field == "tile"
    run(RunSettings(**given, tile={"height": 10, "width": 10}), backend=FakeBackend())


def test_a_signal_that_the_model_does_not_show_ends_the_run_with_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FakeBackend, "activations", lambda *_: None)
    settings = RunSettings(prompt="hi", capture=["tiles"], tile={"signal": "attn"})
    events = list(run(settings, backend=FakeBackend()))
    assert events[-1].type == "error"
    assert events[-1].field == "tile.signal"


def test_a_layer_without_the_part_is_null(monkeypatch: pytest.MonkeyPatch) -> None:
    real = FakeBackend.activations

    def without_layer_1(self: FakeBackend, ids: Any, point: Any) -> Any:
        rows = real(self, ids, point)
        rows[1] = np.nan
        return rows

    monkeypatch.setattr(FakeBackend, "activations", without_layer_1)
    settings = RunSettings(
        prompt="hi",
        max_new_tokens=1,
        capture=["tiles"],
        tile={"signal": "mlp", "projection": "pca"},
    )
    event = list(run(settings, backend=FakeBackend()))[2]
    assert [bool(np.isnan(tile).all()) for tile in event.tiles] == [False, True, False]
    assert b"},null,{" in to_json(event)


@pytest.mark.parametrize("projection", ["random", "pca"])
def test_massive_activations_do_not_flatten_the_others(projection: str) -> None:
    random = np.random.default_rng(5)
    rows = random.standard_normal((2, 40, 8)).astype(np.float32)
    massive = rows.copy()
    massive[1, 0] *= 300
    settings = RunSettings(prompt="hi", tile={"height": 2, "width": 2, "projection": projection})

    def fitted(vectors: np.ndarray) -> Projection:
        # The residual stream has one row more: the embedding.
        resid = np.concatenate([vectors[:1], vectors])
        return fit(FitContext(settings=settings, activations=lambda _point: resid))

    ours, others = fitted(massive), fitted(np.stack([rows[0, 1:], rows[1, 1:]]))
    np.testing.assert_allclose(ours.mean[1], others.mean[1], rtol=1e-5)
    np.testing.assert_allclose(ours.directions[1], others.directions[1], rtol=1e-4, atol=1e-6)
    usual_cells = (rows[1, 1:] - ours.mean[1]) @ ours.directions[1].T
    assert 0.5 < np.sqrt((usual_cells**2).mean()) < 2
    # A layer without any is fitted on all of its vectors.
    np.testing.assert_array_equal(ours.mean[0], fitted(rows).mean[0])
