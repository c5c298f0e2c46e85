/**
 * What an event says of the tokens beyond its list of candidates: the probability of each bin of
 * ranks. With it, the sum of their weights after a temperature is bounded.
 */

/** Tokens with neighbouring ranks. */
export interface TailBin {
  readonly count: number;
  /** Bounds of the sum of their probabilities. */
  readonly mass: Range;
  /** Bounds of the probability of each. */
  readonly each: Range;
}

/** A number that is only known to be within bounds. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

export const exactly = (value: number): Range => ({ low: value, high: value });

export const NOTHING = exactly(0);

/** The masses of bins travel in single precision. */
const PRECISION = 3e-7;
/** The least positive number in single precision; smaller probabilities are sent as 0. */
const LEAST = 1.5e-45;

/**
 * Returns the bins of all ranks after the listed candidates.
 *
 * @param listed the probabilities of the candidates, largest first
 * @param masses the sum of the probabilities of each bin
 * @param edges the first rank of each bin, and the size of the vocabulary
 */
export function tailOf(
  listed: readonly number[],
  masses: ArrayLike<number>,
  edges: readonly number[],
): TailBin[] {
  const bins: { count: number; mass: Range }[] = [];
  for (let i = 0; i < masses.length; i++) {
    const [first, end] = [edges[i] ?? 0, edges[i + 1] ?? 0];
    const count = end - Math.max(first, listed.length);
    if (count <= 0) continue;
    const total = masses[i] ?? 0;
    const known = listed.slice(first, end).reduce((sum, prob) => sum + prob, 0);
    const slack = total * PRECISION;
    const low = Math.max(0, total - known - slack);
    bins.push({ count, mass: { low, high: Math.max(low, total - known + slack) + count * LEAST } });
  }
  const mean = (i: number, bound: keyof Range) => {
    const bin = bins[i];
    return bin && bin.mass[bound] / bin.count;
  };
  // Probabilities never rise with the rank, so those of a bin are between its neighbours' means.
  const last = listed.at(-1) ?? 1;
  return bins.map(({ count, mass }, i) => {
    const high = Math.min(mass.high, last, mean(i - 1, "high") ?? last);
    return { count, mass, each: { low: Math.min(high, mean(i + 1, "low") ?? 0), high } };
  });
}

/** Returns the bins with all probabilities divided by one. */
export function relativeTo(bins: readonly TailBin[], probability: number): TailBin[] {
  const divided = ({ low, high }: Range) => ({ low: low / probability, high: high / probability });
  return bins.map(({ count, mass, each }) => ({ count, mass: divided(mass), each: divided(each) }));
}

/**
 * Returns the bounds of the sum of p ** power over the first `count` tokens of the bins whose
 * probability is at least `floor`.
 */
export function weightOf(
  bins: readonly TailBin[],
  power: number,
  count: number,
  floor: number,
): Range {
  let [low, high, left] = [0, 0, count];
  for (const bin of bins) {
    if (left <= 0 || bin.each.high < floor) break;
    const sum = sumOfPowers(bin, power);
    const whole = left >= bin.count;
    // The first tokens of a bin are its likeliest.
    high += whole ? sum.high : Math.min(sum.high, left * bin.each.high ** power);
    if (bin.each.low >= floor) low += whole ? sum.low : (sum.low * left) / bin.count;
    left -= bin.count;
  }
  return { low, high };
}

/**
 * Returns the bounds of the sum of p ** power over the tokens of a bin. Among probabilities with
 * the same sum, equal ones have the largest sum of powers below 1 and the smallest of powers above
 * it (Jensen's inequality); those that are all at a bound are the other extreme.
 */
function sumOfPowers({ count, mass, each }: TailBin, power: number): Range {
  const equal = (sum: number) => count * (sum / count) ** power;
  const apart = (sum: number) => {
    const room = each.high - each.low;
    if (room <= 0) return equal(sum);
    const excess = Math.max(0, Math.min(count * room, sum - count * each.low));
    const top = Math.min(count - 1, Math.floor(excess / room));
    const middle = each.low + excess - top * room;
    return top * each.high ** power + middle ** power + (count - 1 - top) * each.low ** power;
  };
  const ends = power <= 1 ? ([apart, equal] as const) : ([equal, apart] as const);
  return { low: Math.min(ends[0](mass.low), ends[1](mass.high)), high: ends[1](mass.high) };
}

/** Returns how many of the first tokens of the bins may have this probability. */
export function mayReach(bins: readonly TailBin[], probability: number): number {
  let count = 0;
  for (const { each, mass, count: all } of bins) {
    if (each.high < probability) break;
    count += Math.min(all, Math.floor(mass.high / probability));
  }
  return count;
}

/**
 * Returns the largest possible number of tokens that are as likely as the token number `count` or
 * likelier: those of its bin, and of the next ones as long as their mass allows it.
 */
export function withTies(bins: readonly TailBin[], count: number): number {
  let end = 0;
  let least = 0;
  for (const { count: all, mass, each } of bins) {
    if (end < count) {
      end += all;
      least = each.low;
      continue;
    }
    const ties = least > 0 ? Math.min(all, Math.floor(mass.high / least)) : all;
    end += ties;
    if (ties < all) break;
  }
  return end;
}

export const sizeOf = (bins: readonly TailBin[]): number =>
  bins.reduce((sum, { count }) => sum + count, 0);
