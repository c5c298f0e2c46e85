import type { Matrix, Shares } from "@/lib/run/frames";

/** Whose attention is looked at: one head, the mean of a layer's heads, or the mean of all. */
export interface Reading {
  /** null: the mean of all layers and heads. */
  readonly layer: number | null;
  /** null: the mean of the layer's heads. */
  readonly head: number | null;
}

export const MEAN_OF_ALL: Reading = { layer: null, head: null };

/** The first two axes: layers and heads. */
export function axesOf({ shape }: Shares): { layers: number; heads: number } {
  const [layers = 0, heads = 0] = shape;
  return { layers, heads };
}

/** Numbers of one head: keys, or queries times keys. */
const sizeOf = ({ shape }: Shares): number =>
  shape.slice(2).reduce((count, size) => count * size, 1);

/** Whether a head was measured: what does not exist is NaN from its first number on. */
export function isThere(shares: Shares, layer: number, head: number): boolean {
  const { heads } = axesOf(shares);
  const first = shares.values[(layer * heads + head) * sizeOf(shares)];
  return first !== undefined && !Number.isNaN(first);
}

export function hasAttention(shares: Shares, layer: number): boolean {
  const { heads } = axesOf(shares);
  return Array.from({ length: heads }, (_, head) => head).some((head) =>
    isThere(shares, layer, head),
  );
}

/** The same choice, or the nearest that this model has. */
export function fitting({ layer, head }: Reading, shares: Shares | undefined): Reading {
  if (!shares || layer === null) return MEAN_OF_ALL;
  const { layers, heads } = axesOf(shares);
  if (layer >= layers) return MEAN_OF_ALL;
  return { layer, head: head === null || head >= heads ? null : head };
}

/**
 * The numbers of a reading, all axes after the first two in one array; NaN where none of its
 * heads was measured. A mean is over the heads that exist.
 */
export function numbersOf(shares: Shares, { layer, head }: Reading): Float32Array {
  const { layers, heads } = axesOf(shares);
  const size = sizeOf(shares);
  const sum = new Float32Array(size);
  let count = 0;
  for (let l = layer ?? 0; l < (layer === null ? layers : layer + 1); l++) {
    for (let h = head ?? 0; h < (head === null ? heads : head + 1); h++) {
      if (!isThere(shares, l, h)) continue;
      count += 1;
      addTo(sum, shares.values, (l * heads + h) * size);
    }
  }
  const factor = count === 0 ? Number.NaN : shares.scale / count;
  for (let i = 0; i < size; i++) sum[i] = (sum[i] as number) * factor;
  return sum;
}

function addTo(sum: Float32Array, values: ArrayLike<number>, from: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (values[from + i] as number);
}

/** A map of [layers, heads, queries, keys] as one picture of queries by keys. */
export function mapOf(shares: Shares, reading: Reading): Matrix {
  const [rows = 0, columns = 0] = shares.shape.slice(2);
  return { rows, columns, values: numbersOf(shares, reading) };
}

/** Each share of what is not on the first key; NaN there, and where nothing is left. */
export function withoutFirst(row: Float32Array): Float32Array {
  const rest = 1 - (row[0] ?? 0);
  return row.map((share, key) => (key === 0 || rest <= 1e-6 ? Number.NaN : share / rest));
}

/** The keys with the largest shares, largest first. */
export function strongest(row: Float32Array, count: number): number[] {
  const found: number[] = [];
  for (let key = 0; key < row.length; key++) {
    const share = row[key] as number;
    if (Number.isNaN(share)) continue;
    const place = found.findIndex((other) => share > (row[other] as number));
    if (place >= 0) found.splice(place, 0, key);
    else if (found.length < count) found.push(key);
    if (found.length > count) found.pop();
  }
  return found;
}

/** Sum of the shares from one key up to, not including, another. */
export function sumBetween(row: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let key = Math.max(0, from); key < Math.min(row.length, to); key++) {
    const share = row[key] as number;
    if (!Number.isNaN(share)) sum += share;
  }
  return sum;
}
