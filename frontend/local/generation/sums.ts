type Numbers = Float32Array | Float64Array;

/** Most numbers that are added without halving; eight sums run side by side. */
const BLOCK = 128;

/**
 * The sum of numbers, in their own precision, added pairwise as numpy does.
 *
 * Over a vocabulary single precision keeps six digits.
 */
export function pairwiseSum(values: Numbers): number {
  // Storing a sum in an array of the same kind rounds it.
  const sums = values instanceof Float32Array ? new Float32Array(8) : new Float64Array(8);
  return pairwise(values, 0, values.length, sums);
}

function pairwise(values: Numbers, begin: number, count: number, sums: Numbers): number {
  if (count > BLOCK) {
    const half = Math.floor(count / 2);
    const first = half - (half % 8);
    const left = pairwise(values, begin, first, sums);
    sums[0] = left + pairwise(values, begin + first, count - first, sums);
    return sums[0] as number;
  }
  const end = begin + count;
  let at = begin;
  sums.fill(0);
  for (; at + 8 <= end; at += 8) {
    for (let lane = 0; lane < 8; lane++) {
      sums[lane] = (sums[lane] as number) + (values[at + lane] as number);
    }
  }
  for (let step = 1; step < 8; step *= 2) {
    for (let lane = 0; lane < 8; lane += 2 * step) {
      sums[lane] = (sums[lane] as number) + (sums[lane + step] as number);
    }
  }
  for (; at < end; at++) sums[0] = (sums[0] as number) + (values[at] as number);
  return sums[0] as number;
}
