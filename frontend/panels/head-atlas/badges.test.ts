import { describe, expect, test } from "vitest";
import type { Shares, SourcesFrame } from "@/lib/contract/frames";
import {
  addQuery,
  BADGES,
  type Badge,
  type BadgeSums,
  badgesOf,
  keysOf,
  LEAST_MEAN,
  LEAST_QUERIES,
  meanOf,
  noSums,
  TokenPositions,
} from "./badges";
import { addEntropies, meanEntropy, noEntropies } from "./entropy";
import { windowOf } from "./map-window";
import type { Query } from "./queries";
import { ALL_HEADS, headsOf, isGrid, layersShown } from "./selection";

/** A text in which "a b" returns, and "c" follows itself. */
const IDS = [9, 1, 2, 3, 1, 2, 5, 5, 1, 2, 3];

/** One layer of heads, each of which puts all weight on the key that its pattern names. */
function queriesOf(patterns: readonly ((q: number, earlier: readonly number[]) => number)[]) {
  const positions = new TokenPositions();
  return IDS.map((id, q) => {
    const earlier = positions.add(id);
    const keys = q + 1;
    const values = new Float32Array(patterns.length * keys);
    patterns.forEach((pattern, head) => {
      values[head * keys + pattern(q, earlier)] = 1;
    });
    const shares: Shares = { shape: [1, patterns.length, keys], values, scale: 1 };
    return { q, earlier, query: { kind: "all", shares, stride: keys, offset: 0 } as const };
  });
}

function sumsOf(queries: readonly { q: number; earlier: readonly number[]; query: Query }[]) {
  const heads = 6;
  return queries.reduce<BadgeSums>(
    (sums, { query, q, earlier }) => addQuery(sums, query, q, earlier),
    noSums({ layers: 1, heads }),
  );
}

const HEADS = {
  previous: (q: number) => Math.max(0, q - 1),
  first: () => 0,
  self: (q: number) => q,
  same: (q: number, earlier: readonly number[]) => earlier.at(-1) ?? q,
  induction: (_: number, earlier: readonly number[]) =>
    earlier[0] === undefined ? 0 : earlier[0] + 1,
  second: () => 0,
};

describe("badges of hand-made patterns", () => {
  const sums = sumsOf(queriesOf(Object.values(HEADS)));
  const of = (badge: Badge) => Object.keys(HEADS).indexOf(badge);

  test("each head puts all of its weight on the keys of its own badge", () => {
    // At the token after a repeated one, induction would read the query itself.
    for (const badge of ["previous", "first", "self", "same"] as const) {
      expect(meanOf(sums, badge, 0, of(badge))).toBe(1);
    }
    expect(meanOf(sums, "self", 0, of("previous"))).toBe(0);
    expect(meanOf(sums, "induction", 0, of("induction"))).toBe(1);
  });

  test("only queries that have such a key count; the first position has none", () => {
    expect(sums.queries).toEqual({ previous: 10, first: 10, self: 10, same: 6, induction: 5 });
    expect(BADGES.map((badge) => keysOf(badge, 0, []))).toEqual([[], [], [], [], []]);
    // The second 5 follows the first: the token after that is the query itself.
    expect(keysOf("same", 7, [6])).toEqual([6]);
    expect(keysOf("induction", 7, [6])).toEqual([]);
    expect(keysOf("induction", 9, [2, 5])).toEqual([3, 6]);
  });

  test("a head has the badges whose mean is large enough, the largest first", () => {
    expect(badgesOf(sums, 0, of("previous"))).toEqual(["previous"]);
    expect(badgesOf(sums, 0, of("self"))[0]).toBe("self");
    // It reads the first token wherever its own token is new: 5 of 11 queries.
    expect(badgesOf(sums, 0, of("induction"))).toEqual(["induction", "first"].slice(0, 2));
  });

  test("a few queries are not enough", () => {
    const few = sumsOf(queriesOf(Object.values(HEADS)).slice(0, LEAST_QUERIES));
    expect(meanOf(few, "previous", 0, of("previous"))).toBe(1);
    expect(few.queries.previous).toBe(LEAST_QUERIES - 1);
    expect(badgesOf(few, 0, of("previous"))).toEqual([]);
  });

  test("the threshold is a mean over queries", () => {
    const half = (share: number) => {
      const values = Float32Array.of(1 - share, share, 0);
      const shares = { shape: [1, 1, 3], values, scale: 1 };
      const query = { kind: "all", shares, stride: 3, offset: 0 } as const;
      let all = noSums({ layers: 1, heads: 1 });
      for (let i = 0; i < LEAST_QUERIES; i++) all = addQuery(all, query, 2, []);
      return badgesOf(all, 0, 0);
    };
    expect(half(LEAST_MEAN + 0.01)).toContain("previous");
    expect(half(LEAST_MEAN - 0.01)).not.toContain("previous");
  });

  test("a head without attention has no mean and no badge", () => {
    const shares = { shape: [1, 1, 3], values: new Float32Array(3).fill(Number.NaN), scale: 1 };
    const query = { kind: "all", shares, stride: 3, offset: 0 } as const;
    let all = noSums({ layers: 1, heads: 1 });
    for (let i = 0; i < LEAST_QUERIES; i++) all = addQuery(all, query, 2, [1]);
    expect(meanOf(all, "first", 0, 0)).toBeNaN();
    expect(badgesOf(all, 0, 0)).toEqual([]);
  });

  test("the weights of all earlier occurrences add up", () => {
    const values = Float32Array.of(0.1, 0.2, 0.3, 0.4);
    const query = {
      kind: "all",
      shares: { shape: [1, 1, 4], values, scale: 1 },
      stride: 4,
      offset: 0,
    } as const;
    const all = addQuery(noSums({ layers: 1, heads: 1 }), query, 3, [0, 1]);
    expect(meanOf(all, "same", 0, 0)).toBeCloseTo(0.3);
    expect(meanOf(all, "induction", 0, 0)).toBeCloseTo(0.5);
  });

  test("with the strongest weights only, figures are lower bounds, except for the first token", () => {
    const heads: NonNullable<SourcesFrame["heads"]> = {
      positions: [[3, 1]],
      weights: { shape: [1, 2, 2], values: Float32Array.of(0.2, 0.7, 0.6, 0.3) },
    };
    const all = addQuery(noSums({ layers: 1, heads: 2 }), { kind: "strongest", heads }, 4, [0]);
    expect(meanOf(all, "previous", 0, 0)).toBeCloseTo(0.7);
    expect(meanOf(all, "previous", 0, 1)).toBe(0);
    expect([0, 1].map((head) => meanOf(all, "first", 0, head).toFixed(1))).toEqual(["0.2", "0.6"]);
    expect(all.bounds).toEqual({
      ...{ previous: true, first: false, self: true, same: false, induction: true },
    });
  });
});

describe("entropy", () => {
  const weights = Float32Array.of(0.5, 0.25, 0.25, 0);
  const query = (shares: Shares): Query => ({ kind: "all", shares, stride: 4, offset: 0 });
  const size = { layers: 1, heads: 1 };

  test("is -Σ a ln a, of bytes as well, and that of the engine where it measured it", () => {
    const expected = 0.5 * Math.log(2) + 0.5 * Math.log(4);
    const floats = query({ shape: [1, 1, 4], values: weights, scale: 1 });
    expect(meanEntropy(addEntropies(noEntropies(size), floats, 3), 0, 0)).toBeCloseTo(expected);
    const bytes = query({
      ...{ shape: [1, 1, 4], values: Uint8Array.of(200, 100, 100, 0), scale: 1 / 400 },
    });
    expect(meanEntropy(addEntropies(noEntropies(size), bytes, 3), 0, 0)).toBeCloseTo(expected);
    const measured = { rows: 1, columns: 1, values: Float32Array.of(0.75) };
    const both = addEntropies(addEntropies(noEntropies(size), measured, 3), floats, 3);
    expect(meanEntropy(both, 0, 0)).toBeCloseTo((0.75 + expected) / 2);
  });
});

describe("the selection", () => {
  const sums = sumsOf(queriesOf(Object.values(HEADS)));
  const heads = (selection: object) =>
    headsOf({ ...ALL_HEADS, ...selection }, sums, null).map(({ head }) => head);

  test("sorts by the mean weight of a badge and filters by badge", () => {
    expect(heads({})).toEqual([0, 1, 2, 3, 4, 5]);
    expect(heads({ order: "self" })[0]).toBe(2);
    expect(heads({ badge: "previous", order: "previous" })).toEqual([0]);
    expect(heads({ badge: "first", order: "layer" })).toEqual([1, 4, 5]);
    expect(isGrid(ALL_HEADS)).toBe(true);
    expect(isGrid({ ...ALL_HEADS, order: "first" })).toBe(false);
  });

  test("sorts by entropy, the most focused head first, unknown ones last", () => {
    const entropies = { heads: 6, queries: 1, sums: Float64Array.of(3, NaN, 1, 2, 5, 4) };
    const found = headsOf({ ...ALL_HEADS, order: "entropy" }, sums, entropies);
    expect(found.map(({ head }) => head)).toEqual([2, 3, 0, 5, 4, 1]);
  });

  test("a range of layers from another model is limited to this one", () => {
    expect(layersShown({ ...ALL_HEADS, layers: [4, 40] }, 6)).toEqual([4, 5]);
    expect(layersShown({ ...ALL_HEADS, layers: [20, 40] }, 6)).toEqual([5, 5]);
    expect(layersShown(ALL_HEADS, 6)).toEqual([0, 5]);
  });
});

describe("the window of a map", () => {
  test("is the whole text while there is a pixel for each position", () => {
    expect(windowOf(6, 6, 60)).toEqual({ first: 0, count: 8 });
    expect(windowOf(30, 3, 60)).toEqual({ first: 0, count: 32 });
    expect(windowOf(59, 59, 60)).toEqual({ first: 0, count: 60 });
  });

  test("is the newest positions of a longer one, or those up to the shown token", () => {
    expect(windowOf(499, 499, 60)).toEqual({ first: 440, count: 60 });
    expect(windowOf(500, 500, 60)).toEqual({ first: 448, count: 60 });
    expect(windowOf(507, 470, 60)).toEqual({ first: 448, count: 60 });
    expect(windowOf(499, 300, 60)).toEqual({ first: 248, count: 60 });
    expect(windowOf(499, 5, 60)).toEqual({ first: 0, count: 60 });
  });
});
