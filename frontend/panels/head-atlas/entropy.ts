import type { Matrix, Shares } from "@/lib/contract/frames";
import { type Query, sizeOf } from "./queries";

/** Sums of the entropy of each head over queries, in nats. */
export interface EntropySums {
  readonly heads: number;
  /** [layers × heads] */
  readonly sums: Float64Array;
  readonly queries: number;
}

export const noEntropies = (size: { layers: number; heads: number }): EntropySums => ({
  heads: size.heads,
  sums: new Float64Array(size.layers * size.heads),
  queries: 0,
});

/**
 * Adds the entropies of the query at position q: those that the engine measured, or -Σ a ln a of its
 * weights. The query at 0 attends to itself only, so it is not counted. The array of `to` is changed.
 */
export function addEntropies(to: EntropySums, of: Matrix | Query, q: number): EntropySums {
  const { sums } = to;
  const measured = "kind" in of ? null : of.values;
  const count = measured ? measured.length : countOf(of as Query);
  if (q === 0 || count !== sums.length) return to;
  const table = measured ? null : logarithmsOf(of as Query);
  for (let i = 0; i < count; i++) {
    const own = measured ? (measured[i] as number) : entropyOf(of as Query, i, q, table);
    sums[i] = (sums[i] as number) + own;
  }
  return { ...to, queries: to.queries + 1 };
}

/** Returns the mean entropy of a head in nats; NaN if none was measured. */
export function meanEntropy(of: EntropySums | null, layer: number, head: number): number {
  if (!of || of.queries === 0) return Number.NaN;
  return (of.sums[layer * of.heads + head] ?? Number.NaN) / of.queries;
}

function countOf(query: Query): number {
  const { layers, heads } = sizeOf(query);
  return layers * heads;
}

const surprise = (weight: number): number => (weight > 0 ? -weight * Math.log(weight) : weight * 0);

/** Returns -a ln a of each weight that a byte can stand for; null if the weights are no bytes. */
function logarithmsOf(query: Query): Float64Array | null {
  if (query.kind !== "all" || !(query.shares.values instanceof Uint8Array)) return null;
  const { scale } = query.shares;
  return Float64Array.from({ length: 256 }, (_, byte) => surprise(byte * scale));
}

function entropyOf(query: Query, head: number, q: number, table: Float64Array | null): number {
  if (query.kind !== "all") return Number.NaN;
  const { values, scale }: Shares = query.shares;
  const from = head * query.stride + query.offset;
  let sum = 0;
  for (let i = from; i <= from + q; i++) {
    const value = values[i] as number;
    sum += table ? (table[value] as number) : surprise(value * scale);
  }
  return sum;
}
