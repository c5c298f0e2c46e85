/** `tiles`: each layer's vector as a small picture, as in `mav_engine/probes/tiles.py`. */
import type { RunSettings } from "@/lib/contract";
import type { WireArray } from "@/lib/contract/schemas";
import { invalid, LocalError } from "../errors";
import { LIMITS } from "../facts";
import { standardNormals } from "../generation/normals";
import type { LocalModel, ModelSizes } from "../model/model";
import type { Point, Step } from "../step";
import { toWire } from "../wire";
import { canFindPrincipal, principalDirections } from "./principal";

const POINTS = { residual: "resid", mlp: "mlp_out", attn: "attn_out" } as const;

/** The hook point of the vectors that the settings name. */
export const tilePoint = ({ tile }: RunSettings): Point => POINTS[tile.signal];

/** One position's vectors [layers, width]; of the residual stream resid_post. */
export function layerVectors(step: Step, point: Point): Float32Array {
  const { layers, width } = step.model.sizes;
  const vectors = new Float32Array(layers * width);
  const first = point === "resid" ? 1 : 0;
  for (let layer = 0; layer < layers; layer++) {
    vectors.set(step.vector(point, layer + first), layer * width);
  }
  return vectors;
}

/**
 * Fits the projection of a run and gives it to the model.
 *
 * @param seen the vectors [layers, width] of positions
 */
export function fitTiles(
  model: LocalModel,
  seen: readonly Float32Array[],
  { height, width: columns, projection }: RunSettings["tile"],
): void {
  const cells = height * columns;
  const { layers, width } = model.sizes;
  const directions = new Float32Array(layers * cells * width);
  const means = new Float32Array(layers * width);
  const used: Float32Array[][] = [];
  const filled: number[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const at = (vectors: Float32Array) => vectors.subarray(layer * width, (layer + 1) * width);
    const rows = usual(seen.map(at));
    used.push(rows);
    means.set(mean(rows, width), layer * width);
    const found =
      projection === "pca"
        ? principal(rows, means.subarray(layer * width, (layer + 1) * width), cells)
        : randomDirections(layer, cells, width);
    filled.push(filledRows(found, width));
    directions.set(found, layer * cells * width);
  }
  // The deviation of each layer's cells over the positions, computed by the model's own product.
  model.setProjection(directions, means, cells);
  const deviations = deviationsOf(model, used, cells, filled);
  for (let layer = 0; layer < layers; layer++) {
    const begin = layer * cells * width;
    const scale = Math.fround(deviations[layer] || 1);
    for (let i = begin; i < begin + cells * width; i++)
      directions[i] = (directions[i] ?? 0) / scale;
  }
  model.setProjection(directions, means, cells);
}

/** [cells, width]; NaN where a vector is not finite. */
function principal(rows: readonly Float32Array[], mean: Float32Array, cells: number): Float32Array {
  const { length: width } = mean;
  const centred = rows.map((row) => row.map((value, i) => value - (mean[i] ?? 0)));
  return centred.every((row) => row.every(Number.isFinite))
    ? principalDirections(centred, width, cells)
    : new Float32Array(cells * width).fill(Number.NaN);
}

/** How many directions are not 0. */
function filledRows(directions: Float32Array, width: number): number {
  let count = 0;
  for (let begin = 0; begin < directions.length; begin += width) {
    if (directions.subarray(begin, begin + width).some((weight) => weight !== 0)) count++;
  }
  return Math.max(1, count);
}

/** [layers] root mean squares of the cells, of which `filled` have a direction. */
function deviationsOf(
  model: LocalModel,
  used: readonly Float32Array[][],
  cells: number,
  filled: readonly number[],
): number[] {
  const { layers, width } = model.sizes;
  const squares = new Array<number>(layers).fill(0);
  const longest = Math.max(...used.map((rows) => rows.length));
  const vectors = new Float32Array(layers * width);
  for (let place = 0; place < longest; place++) {
    for (let layer = 0; layer < layers; layer++) {
      const row = used[layer]?.[place];
      if (row) vectors.set(row, layer * width);
    }
    const projected = model.project(vectors);
    for (let layer = 0; layer < layers; layer++) {
      if (place >= (used[layer]?.length ?? 0)) continue;
      let total = 0;
      for (let i = layer * cells; i < (layer + 1) * cells; i++) total += (projected[i] ?? 0) ** 2;
      squares[layer] = (squares[layer] ?? 0) + total;
    }
  }
  return squares.map((total, layer) =>
    Math.sqrt(total / ((used[layer]?.length ?? 1) * (filled[layer] ?? 1))),
  );
}

/** Leaves out massive activations: vectors that are much longer than the median one. */
function usual(rows: readonly Float32Array[]): Float32Array[] {
  const lengths = rows.map((row) => Math.hypot(...row));
  const sorted = lengths.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  const median = sorted.length % 2 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
  return rows.filter((_, i) => !((lengths[i] ?? 0) > LIMITS.tile_massive * median));
}

function mean(rows: readonly Float32Array[], width: number): Float32Array {
  const totals = new Float64Array(width);
  for (const row of rows)
    for (let i = 0; i < width; i++) totals[i] = (totals[i] ?? 0) + (row[i] ?? 0);
  return Float32Array.from(totals, (total) => total / rows.length);
}

/** [cells, width] from PCG64 seeded by the layer. */
function randomDirections(layer: number, cells: number, width: number): Float32Array {
  const directions = standardNormals([LIMITS.tile_seed, layer, width], cells * width);
  const scale = Math.fround(Math.sqrt(width));
  return directions.map((value) => value / scale);
}

/** [layers][height][width] in standard deviations. */
export function tiles(step: Step, { tile, ...settings }: RunSettings): WireArray {
  const { layers } = step.model.sizes;
  const vectors = layerVectors(step, tilePoint({ tile, ...settings }));
  return toWire(step.model.project(vectors), [layers, tile.height, tile.width]);
}

/** @throws LocalError (invalid_settings) if the tiles of these settings are too large */
export function checkTiles({ tile }: RunSettings, { layers, width }: ModelSizes): void {
  const most = Math.floor(LIMITS.tile_numbers / Math.max(1, layers * width));
  const cells = tile.height * tile.width;
  if (tile.projection === "pca" && !canFindPrincipal(layers, width)) {
    const field = "tile.projection";
    throw LocalError.of("only_on_server", "projectionTooLarge", [field, layers, width], field);
  }
  if (cells <= most) return;
  throw invalid("tile", "tileTooLarge", tile.height, tile.width, layers, width, most);
}
