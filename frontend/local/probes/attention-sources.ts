/**
 * `attention_sources`: the few positions that each layer and each head attends to most, as in
 * `mav_engine/probes/attention_sources.py`.
 */
import { LIMITS } from "../facts";
import { roundHalfEven } from "../generation/rounding";
import type { SentSources } from "../sent-events";
import type { Step } from "../step";
import { toWire } from "../wire";

const { fround } = Math;
/** Weights have five decimals. */
const UNIT = 1e5;

/** Rounds as numpy rounds float32. */
const rounded = (weight: number): number => fround(roundHalfEven(fround(weight * UNIT)) / UNIT);

/** @param withHeads whether to give those of each head, too */
export function attentionSources(step: Step, withHeads: boolean): SentSources {
  const { layers, heads } = step.model.sizes;
  const { keys } = step;
  const count = Math.min(LIMITS.sources, keys - 1);
  const weights = new Float32Array((layers + 1) * (1 + count));
  const positions: number[][] = [];
  const put = (row: number, means: Float32Array) => {
    const found = largest(means, count);
    positions.push(found);
    const values = [0, ...found].map((position) => rounded(means[position] ?? 0));
    weights.set(values, row * (1 + count));
  };
  const all = new Float32Array(keys);
  for (let layer = 0; layer < layers; layer++) {
    const sums = new Float32Array(keys);
    for (let head = 0; head < heads; head++) addTo(sums, step.pattern(layer, head));
    addTo(all, sums);
    put(layer, divided(sums, heads));
  }
  put(layers, divided(all, heads * layers));
  return {
    positions,
    weights: toWire(weights, [layers + 1, 1 + count]),
    ...(withHeads && ofHeads(step)),
  };
}

function ofHeads(step: Step): Pick<SentSources, "head_positions" | "head_weights"> {
  const { layers, heads } = step.model.sizes;
  const weights = new Float32Array(layers * heads * 2);
  const positions: (number | null)[][] = [];
  for (let layer = 0; layer < layers; layer++) {
    const row: (number | null)[] = [];
    for (let head = 0; head < heads; head++) {
      const pattern = step.pattern(layer, head);
      const [position = null] = largest(pattern, Math.min(1, step.keys - 1));
      row.push(position);
      const at = 2 * (layer * heads + head);
      weights[at] = rounded(pattern[0] ?? 0);
      weights[at + 1] = position === null ? Number.NaN : rounded(pattern[position] ?? 0);
    }
    positions.push(row);
  }
  return {
    head_positions: positions.map((row) => (row.every((each) => each === null) ? null : row)) as (
      | (number | null)[]
      | null
    )[],
    head_weights: toWire(weights, [layers, heads, 2], LIMITS.plain_numbers),
  };
}

function addTo(sums: Float32Array, row: Float32Array): void {
  for (let key = 0; key < row.length; key++) sums[key] = (sums[key] ?? 0) + (row[key] ?? 0);
}

const divided = (sums: Float32Array, count: number): Float32Array =>
  sums.map((value) => value / count);

/** The positions of the `count` largest weights but the first one; of equal ones the first. */
function largest(weights: Float32Array, count: number): number[] {
  const found: number[] = [];
  for (let place = 0; place < count; place++) {
    let best = -1;
    let peak = -1;
    for (let key = 1; key < weights.length; key++) {
      const weight = weights[key] ?? 0;
      if (weight > peak && !found.includes(key)) {
        best = key;
        peak = weight;
      }
    }
    found.push(best);
  }
  return found;
}
