/** A range of ranks, the likeliest token being rank 0, and the probability of its tokens. */
export interface RankBin {
  readonly first: number;
  readonly last: number;
  /** The sum over its tokens. */
  readonly mass: number;
  /** The mean of its tokens. */
  readonly mean: number;
  /** The sum over all tokens up to its last. */
  readonly sum: number;
}

/** Returns the bins that have tokens. `edges` are the first ranks and the end of the last bin. */
export function rankBins(masses: ArrayLike<number>, edges: readonly number[]): RankBin[] {
  const bins: RankBin[] = [];
  let sum = 0;
  for (let i = 0; i < masses.length; i++) {
    const mass = masses[i] ?? 0;
    const first = edges[i] ?? i;
    const end = edges[i + 1] ?? first + 1;
    sum = Math.min(1, sum + mass);
    if (end > first) bins.push({ first, last: end - 1, mass, mean: mass / (end - first), sum });
  }
  return bins;
}

/** The first ranks of the groups in which all probability is shown as one bar. */
const GROUPS = [0, 1, 10, 100, 1000];

/** Returns the bins joined to groups of about a power of ten ranks. A bin is never divided. */
export function groupsOf(bins: readonly RankBin[]): RankBin[] {
  const starts = GROUPS.map((rank) => nearest(bins, rank));
  return starts.flatMap((start, i) => {
    const members = bins.slice(start, starts[i + 1]);
    const [from, to] = [members[0], members.at(-1)];
    if (!from || !to) return [];
    const mass = members.reduce((total, bin) => total + bin.mass, 0);
    const mean = mass / (to.last + 1 - from.first);
    return [{ first: from.first, last: to.last, mass, mean, sum: to.sum }];
  });
}

/** Returns the index of the bin whose first rank is nearest to a rank, on a logarithmic scale. */
function nearest(bins: readonly RankBin[], rank: number): number {
  const distance = ({ first }: RankBin) => Math.abs(Math.log1p(first) - Math.log1p(rank));
  const end = bins.at(-1)?.last ?? 0;
  if (rank > end) return bins.length;
  return bins.reduce((best, bin, i) => (distance(bin) < distance(bins[best] ?? bin) ? i : best), 0);
}

/** The axis of probability has this many powers of ten, from 100 % down. */
export const DECADES = 10;

/** Returns where a probability is on the axis: 0 for 1, 1 for its lower end, above 1 below it. */
export const placeOfProbability = (probability: number): number =>
  -Math.log10(probability) / DECADES;

/** Returns where the tokens from a rank on begin on the axis of ranks, from 0 to 1. */
export const placeOfRank = (rank: number, vocabulary: number): number =>
  Math.log1p(rank) / Math.log1p(vocabulary);

/** Returns the bin at a place from 0 to 1 of the axis of ranks. */
export function binAt(bins: readonly RankBin[], place: number): number {
  const end = (bins.at(-1)?.last ?? 0) + 1;
  const rank = Math.expm1(place * Math.log1p(end));
  const index = bins.findIndex(({ last }) => rank < last + 1);
  return index < 0 ? bins.length - 1 : index;
}

/** Returns the mean probability of each bin as a step line in a box of size 1. */
export function stepPath(bins: readonly RankBin[]): string {
  const end = (bins.at(-1)?.last ?? 0) + 1;
  const x = (rank: number) => placeOfRank(rank, end).toFixed(4);
  let path = "";
  for (const { first, last, mean } of bins) {
    const y = Math.min(1.05, placeOfProbability(mean)).toFixed(4);
    path += `${path === "" ? `M${x(first)} ${y}` : `V${y}`}H${x(last + 1)}`;
  }
  return path;
}
