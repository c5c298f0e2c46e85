import type { Matrix, Shares } from "@/lib/contract/frames";

/** Which attention is shown: of one head, the mean of a layer's heads, or the mean of all heads. */
export interface Reading {
  /** null for the mean of all layers and heads. */
  readonly layer: number | null;
  /** null for the mean of the layer's heads. */
  readonly head: number | null;
}

export const MEAN_OF_ALL: Reading = { layer: null, head: null };

/** Returns the sizes of the first two dimensions. */
export function axesOf({ shape }: Shares): { layers: number; heads: number } {
  const [layers = 0, heads = 0] = shape;
  return { layers, heads };
}

/** Returns how many weights one head has: the number of keys, or queries times keys. */
const sizeOf = ({ shape }: Shares): number =>
  shape.slice(2).reduce((count, size) => count * size, 1);

/** Whether a head was measured. The weights of a missing head are all NaN. */
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

/** Returns the same choice, or the closest one that this model has. */
export function fitting({ layer, head }: Reading, shares: Shares | undefined): Reading {
  if (!shares || layer === null) return MEAN_OF_ALL;
  const { layers, heads } = axesOf(shares);
  if (layer >= layers) return MEAN_OF_ALL;
  return { layer, head: head === null || head >= heads ? null : head };
}

/**
 * Returns the weights of a reading with the dimensions after layer and head flattened. A mean is
 * taken over the heads that exist; NaN if there is none.
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

/** Returns one matrix of queries by keys from a map of [layers, heads, queries, keys]. */
export function mapOf(shares: Shares, reading: Reading): Matrix {
  const [rows = 0, columns = 0] = shares.shape.slice(2);
  return { rows, columns, values: numbersOf(shares, reading) };
}

/**
 * Scales the weights without the first key to add up to 1. The first is NaN, and all are if it has
 * all of the attention.
 */
export function withoutFirst(row: Float32Array): Float32Array {
  const rest = 1 - (row[0] ?? 0);
  return row.map((share, key) => (key === 0 || rest <= 1e-6 ? Number.NaN : share / rest));
}

/** Returns the keys with the largest weights, largest first. */
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

/** Returns the sum of the weights from one key up to, not including, another. */
export function sumBetween(row: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let key = Math.max(0, from); key < Math.min(row.length, to); key++) {
    const share = row[key] as number;
    if (!Number.isNaN(share)) sum += share;
  }
  return sum;
}
