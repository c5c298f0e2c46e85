import { type Query, sizeOf, weightOn } from "./queries";

/** Kinds of keys that a head may attend to. A query has none, one or several keys of a kind. */
export const BADGES = ["previous", "first", "same", "self", "induction"] as const;
export type Badge = (typeof BADGES)[number];

/** The least mean weight of a head that has a badge. */
export const LEAST_MEAN = 0.4;
/** The least number of queries for this mean. */
export const LEAST_QUERIES = 5;

/** The positions of each token id so far. */
export class TokenPositions {
  private readonly known = new Map<number, number[]>();
  private length = 0;

  /** Adds the next token. Returns the positions of the same token before it. */
  add(id: number): readonly number[] {
    const before = this.known.get(id) ?? [];
    this.known.set(id, [...before, this.length]);
    this.length += 1;
    return before;
  }
}

/**
 * Returns the keys that a badge counts for the query at position q, given the earlier positions of
 * its token. The query at 0 attends to itself only, so it counts for none.
 */
export function keysOf(badge: Badge, q: number, earlier: readonly number[]): readonly number[] {
  if (q === 0) return [];
  if (badge === "previous") return [q - 1];
  if (badge === "first") return [0];
  if (badge === "self") return [q];
  if (badge === "same") return earlier;
  return earlier.map((position) => position + 1).filter((position) => position < q);
}

/** Sums over queries. */
export interface BadgeSums {
  readonly layers: number;
  readonly heads: number;
  /** [layers × heads] of each badge: the sum over the queries of the weight on its keys. */
  readonly sums: Readonly<Record<Badge, Float64Array>>;
  /** The number of queries that have such a key. */
  readonly queries: Readonly<Record<Badge, number>>;
  /** Whether a sum may be too small, because only the strongest weights of a query were measured. */
  readonly bounds: Readonly<Record<Badge, boolean>>;
}

const each = <T>(make: () => T): Record<Badge, T> =>
  Object.fromEntries(BADGES.map((badge) => [badge, make()])) as Record<Badge, T>;

export function noSums({ layers, heads }: { layers: number; heads: number }): BadgeSums {
  return {
    layers,
    heads,
    sums: each(() => new Float64Array(layers * heads)),
    queries: each(() => 0),
    bounds: each(() => false),
  };
}

/** Adds the query at position q. The arrays of `to` are changed. */
export function addQuery(
  to: BadgeSums,
  query: Query,
  q: number,
  earlier: readonly number[],
): BadgeSums {
  const { layers, heads, sums } = to;
  const size = sizeOf(query);
  if (size.layers !== layers || size.heads !== heads) return to;
  const queries = { ...to.queries };
  const bounds = { ...to.bounds };
  for (const badge of BADGES) {
    const keys = keysOf(badge, q, earlier);
    if (keys.length === 0) continue;
    queries[badge] += 1;
    bounds[badge] ||= query.kind === "strongest" && keys.some((key) => key > 0);
    const sum = sums[badge];
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < heads; head++) {
        let weight = 0;
        for (const key of keys) weight += weightOn(query, layer, head, key);
        sum[layer * heads + head] = (sum[layer * heads + head] as number) + weight;
      }
    }
  }
  return { ...to, queries, bounds };
}

/** Returns the mean weight of a head on the keys of a badge; NaN without such a query. */
export function meanOf(of: BadgeSums, badge: Badge, layer: number, head: number): number {
  const sum = of.sums[badge][layer * of.heads + head] ?? Number.NaN;
  return of.queries[badge] === 0 ? Number.NaN : sum / of.queries[badge];
}

/** Returns the badges of a head, the largest mean weight first. */
export function badgesOf(of: BadgeSums, layer: number, head: number): Badge[] {
  const mean = (badge: Badge) => meanOf(of, badge, layer, head);
  return BADGES.filter(
    (badge) => of.queries[badge] >= LEAST_QUERIES && mean(badge) >= LEAST_MEAN,
  ).sort((a, b) => mean(b) - mean(a));
}
