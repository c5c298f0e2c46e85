"""`tiles`: each layer's vector as a small picture that can be compared from step to step.

A layer's vector x [d_model] becomes a tile [height, width] by one fixed linear map: row k of its
directions gives cell k, row by row. Before the first token each layer is fitted once on the vectors
of the calibration text and of the prompt's beginning: their mean, the directions, and the deviation
of the cells, so that a tile is directions @ (x - mean) / deviation.

In many models a few positions, such as the first, have vectors a hundred times as long as all
others ("Massive activations in large language models", Sun et al., 2024). Their squares would be
nearly all of the deviation, and the tiles of all other positions nearly 0. So each layer is fitted
without the vectors that are longer than `MASSIVE` times its median vector.

- `random`: directions of independent normal numbers with variance 1 / d_model, which keep distances
  approximately (Johnson and Lindenstrauss, 1984). They depend only on the layer's number and
  d_model, so models of the same width, such as checkpoints of a training, have the same directions.
- `pca`: the principal components of the fitted vectors (Hotelling, 1933), largest variance first,
  each with the sign that makes its largest weight positive. Where a tile has more cells than the
  fit has components, the other directions are zero, and so are their cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mav_engine.contract.arrays import Floats
from mav_engine.errors import InvalidSettings
from mav_engine.generation.capture import HookPoint
from mav_engine.probes.base import FitContext, Measured, Plan, Probe, StepContext
from mav_engine.settings import RunSettings, Tile

MAX_PROJECTION_NUMBERS = 2**26
"""Most numbers in the directions of all layers: 256 MiB."""
MAX_PROMPT_POSITIONS = 256
"""Positions at the beginning of the prompt that are used for the fit."""
MASSIVE = 20
"""A vector longer than this many times its layer's median vector is left out of the fit."""
SEED = 20_210_301
_POINTS: dict[str, HookPoint] = {"residual": "resid", "mlp": "mlp_out", "attn": "attn_out"}


@dataclass(frozen=True, slots=True)
class Projection:
    """The fixed linear map of every layer; NaN for a layer without the part."""

    mean: Floats
    """[n_layers, d_model]"""
    directions: Floats
    """[n_layers, height * width, d_model], divided by the layer's deviation."""


def vectors(point: HookPoint, rows: Floats) -> Floats:
    """One row per layer; of the residual stream resid_post, without the embedding."""
    return rows[1:] if point == "resid" else rows


def random_directions(layer: int, cells: int, d_model: int) -> Floats:
    """[cells, d_model] from numpy's PCG64 seeded by the layer; a larger tile starts with the same
    rows."""
    random = np.random.default_rng([SEED, layer, d_model])
    directions: Floats = random.standard_normal((cells, d_model), dtype=np.float32)
    return directions / np.float32(np.sqrt(d_model))


def principal_directions(centred: Floats, cells: int) -> Floats:
    """[cells, d_model] principal components of [n, d_model]; zero beyond their rank."""
    _, sizes, components = np.linalg.svd(centred, full_matrices=False)
    smallest = sizes[0] * max(centred.shape) * np.finfo(np.float32).eps
    found = components[:cells][sizes[:cells] > smallest]
    peaks = np.take_along_axis(found, np.abs(found).argmax(axis=1)[:, None], axis=1)
    directions = np.zeros((cells, centred.shape[1]), dtype=np.float32)
    directions[: len(found)] = found * np.sign(peaks)
    return directions


def fit(context: FitContext) -> Projection:
    """The projection of a run: mean [n_layers, d_model] and directions of each layer.

    Raises:
        InvalidSettings: the model has no such vectors (field tile.signal).
    """
    tile = context.settings.tile
    seen = context.activations(_POINTS[tile.signal])
    if seen is None:
        raise InvalidSettings(
            f"This model has no {tile.signal} vectors; set tile.signal to residual.",
            field="tile.signal",
        )
    layers = [usual(layer) for layer in vectors(_POINTS[tile.signal], seen)]
    means = [layer.mean(axis=0, dtype=np.float64).astype(np.float32) for layer in layers]
    fitted = [
        _fitted(at, layer - mean, tile)
        for at, (layer, mean) in enumerate(zip(layers, means, strict=True))
    ]
    return Projection(np.stack(means), np.stack(fitted))


def usual(rows: Floats) -> Floats:
    """The vectors of [n, d_model] that are no massive activations; all of them for NaN."""
    lengths = np.linalg.norm(rows, axis=1)
    massive = lengths > MASSIVE * np.median(lengths)
    return rows[~massive] if massive.any() else rows


def _fitted(layer: int, centred: Floats, tile: Tile) -> Floats:
    """Directions [cells, d_model] of one layer, divided by the deviation of their cells."""
    cells = tile.height * tile.width
    if not np.isfinite(centred).all():
        return np.full((cells, centred.shape[1]), np.nan, dtype=np.float32)
    if tile.projection == "pca":
        directions = principal_directions(centred, cells)
    else:
        directions = random_directions(layer, cells, centred.shape[1])
    filled = max(1, int(directions.any(axis=1).sum()))
    squares = np.square(centred @ directions.T, dtype=np.float64).sum()
    deviation = np.sqrt(squares / (len(centred) * filled))
    return directions / np.float32(deviation or 1.0)


def measure(context: StepContext) -> Measured:
    """[n_layers, height, width] of resid_post, mlp_out or attn_out, in deviations of the layer."""
    projection: Projection = context.fitted["tiles"]
    tile = context.settings.tile
    point = _POINTS[tile.signal]
    rows: Floats | None = getattr(context.step, point)
    if rows is None:
        return {}
    centred = vectors(point, rows) - projection.mean
    cells = np.matmul(projection.directions, centred[:, :, None])
    return {"tiles": cells.reshape(len(cells), tile.height, tile.width)}


def check(plan: Plan) -> None:
    """Refuse tiles whose directions would exceed `MAX_PROJECTION_NUMBERS`.

    Raises:
        InvalidSettings: there are too many cells (field tile).
    """
    tile, model = plan.settings.tile, plan.model
    most = MAX_PROJECTION_NUMBERS // max(1, (model.layers or 1) * (model.d_model or 1))
    if tile.height * tile.width > most:
        raise InvalidSettings(
            f"tile is {tile.height} by {tile.width}, {tile.height * tile.width} cells; for "
            f"{model.name} ({model.layers} layers of {model.d_model} numbers) at most {most} are "
            "allowed. Set a smaller tile.height or tile.width.",
            field="tile",
        )


def needs_by(settings: RunSettings) -> frozenset[HookPoint]:
    """The hook point of the vectors."""
    return frozenset({_POINTS[settings.tile.signal]})


TILES = Probe(
    name="tiles",
    unit="deviations of the layer from its mean",
    shape="[n_layers][height][width]",
    hook_point="resid_post, mlp_out or attn_out, as tile.signal says",
    needs=frozenset({"resid"}),
    section="token",
    measure=measure,
    fit=fit,
    check=check,
    needs_by=needs_by,
)
