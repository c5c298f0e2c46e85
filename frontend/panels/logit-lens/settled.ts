import type { LensRow } from "@/lib/contract/frames";

type Rows = readonly (LensRow | null)[];

/**
 * Returns the layer where the answer settles: the first layer from which on every layer has the
 * same most likely token as the last. Layers without a lens row are ignored. Null if no layer has
 * one. The last layer's most likely token is the model's own, even if the sampler chose another.
 */
export function settledLayer(rows: Rows): number | null {
  const answer = rows.findLast((row) => row !== null)?.id;
  if (answer === undefined) return null;
  const other = rows.findLastIndex((row) => row !== null && row.id !== answer);
  return rows.findIndex((row, layer) => layer > other && row !== null);
}

/** Returns the row of the last layer that has one: the model's own prediction. */
export const answerOf = (rows: Rows): LensRow | null =>
  rows.findLast((row) => row !== null) ?? null;

/**
 * Returns the first of `count` adjacent tokens to show. It stays at `before` while the window
 * contains `step`; otherwise the window is centred on `step`.
 */
export function windowStart(before: number, step: number, count: number, tokens: number): number {
  const last = Math.max(0, tokens - count);
  const holds = before <= step && step < before + count;
  return Math.max(0, Math.min(last, holds ? before : step - Math.floor(count / 2)));
}
