/**
 * Maps many keys to few pixels: pixel i shows the keys from `from[i]` up to, not including,
 * `to[i]`. If there are fewer keys than pixels, several pixels show the same key.
 */
export interface Bins {
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** The largest number of keys that share a pixel. */
  readonly most: number;
}

export function binsOf(keys: number, pixels: number): Bins {
  const from = new Int32Array(pixels);
  const to = new Int32Array(pixels);
  let most = 1;
  for (let i = 0; i < pixels; i++) {
    from[i] = Math.floor((i * keys) / pixels);
    to[i] = Math.max((from[i] as number) + 1, Math.floor(((i + 1) * keys) / pixels));
    most = Math.max(most, (to[i] as number) - (from[i] as number));
  }
  return { from, to, most };
}

/**
 * Returns the maximum of `values[start + from .. start + to)`; NaN if all are NaN, -1 beyond
 * `length`.
 */
export function largestIn(
  values: ArrayLike<number>,
  start: number,
  length: number,
  from: number,
  to: number,
): number {
  if (from >= length) return -1;
  let max = Number.NaN;
  for (let i = from; i < to && i < length; i++) {
    const value = values[start + i] as number;
    if (value > max || Number.isNaN(max)) max = value;
  }
  return max;
}
