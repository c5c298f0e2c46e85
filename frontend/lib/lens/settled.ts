import type { LensRow } from "@/lib/run/frames";

type Rows = readonly (LensRow | null)[];

/**
 * Where the answer settles: the first layer from which on every layer's likeliest token is the one
 * of the last layer. Layers that the lens cannot read say nothing either way. Null where none can
 * be read. The last layer's likeliest token is the model's own, whatever the sampler drew.
 */
export function settledLayer(rows: Rows): number | null {
  const answer = rows.findLast((row) => row !== null)?.id;
  if (answer === undefined) return null;
  const other = rows.findLastIndex((row) => row !== null && row.id !== answer);
  return rows.findIndex((row, layer) => layer > other && row !== null);
}

/** The row of the last layer that can be read: what the model itself holds likeliest. */
export const answerOf = (rows: Rows): LensRow | null =>
  rows.findLast((row) => row !== null) ?? null;

/**
 * The darkness of a rank, 1 for rank 0, 0 for the vocabulary's last; even in the logarithm, so that
 * the ten likeliest tokens do not look alike.
 */
export function rankShare(rank: number, vocabulary: number): number {
  return Math.max(0, 1 - Math.log1p(rank) / Math.log(Math.max(2, vocabulary)));
}

/**
 * The first of `count` neighbouring tokens to show of `tokens`: as before while that holds `step`,
 * so that the picture stands while one looks around in it; else half a picture is turned over.
 */
export function windowStart(before: number, step: number, count: number, tokens: number): number {
  const last = Math.max(0, tokens - count);
  const holds = before <= step && step < before + count;
  return Math.max(0, Math.min(last, holds ? before : step - Math.floor(count / 2)));
}
