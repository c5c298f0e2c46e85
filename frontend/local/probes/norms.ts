/** `residual` and `mlp`: each layer's vector as one number. */
import type { RunSettings } from "@/lib/contract";
import type { Point, Step } from "../step";

type Aggregation = RunSettings["aggregation"];

const AGGREGATIONS: Record<Aggregation, (vector: Float32Array) => number> = {
  l2: length,
  rms: (vector) => length(vector) / Math.sqrt(vector.length),
  max_abs(vector) {
    let peak = 0;
    for (const value of vector) peak = Math.max(peak, Math.abs(value));
    return peak;
  },
  mean_abs(vector) {
    let total = 0;
    for (const value of vector) total += Math.abs(value);
    return total / vector.length;
  },
};

function length(vector: Float32Array): number {
  let total = 0;
  for (const value of vector) total += value * value;
  return Math.sqrt(total);
}

/** [n_layers], or [n_layers + 1] of `resid`. */
export function norms(step: Step, point: Point, aggregation: Aggregation): Float32Array {
  const reduce = AGGREGATIONS[aggregation];
  return Float32Array.from({ length: step.count(point) }, (_, i) => reduce(step.vector(point, i)));
}
