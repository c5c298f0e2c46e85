import { describe, expect, test } from "vitest";
import type { Shares } from "@/lib/contract/frames";
import { attentionRows, attentionRun } from "@/lib/run/recorded-run.fixture";
import { contextLength } from "@/lib/run/run-record";
import { binsOf, largestIn } from "./bins";
import {
  fitting,
  hasAttention,
  MEAN_OF_ALL,
  mapOf,
  numbersOf,
  strongest,
  sumBetween,
  withoutFirst,
} from "./pattern";
import { snapshotAt, snapshotsOf, tokenAt } from "./run-tokens";
import { shadeOf } from "./scale";

const RUN = attentionRun();
const rowsAt = (step: number): Shares => attentionRows(RUN, step);
const sumOf = (row: Float32Array) => row.reduce((sum, share) => sum + share, 0);

describe("the attention of a recorded run", () => {
  test("covers the prompt and the generated tokens before the predicted one", () => {
    const prompt = RUN.prompt?.tokens.length ?? 0;
    RUN.frames.forEach((_, step) => {
      expect(rowsAt(step).shape).toEqual([6, 4, prompt + step]);
    });
    expect(contextLength(RUN)).toBe(prompt + RUN.frames.length);
    expect(tokenAt(RUN, prompt)?.label).toBe(RUN.frames[0]?.label);
  });

  test("adds up to 1 for every head and every mean", () => {
    const shares = rowsAt(4);
    for (const layer of [0, 3, 5]) {
      for (const head of [0, 1, 2, 3, null]) {
        expect(sumOf(numbersOf(shares, { layer, head }))).toBeCloseTo(1, 2);
      }
    }
    expect(sumOf(numbersOf(shares, MEAN_OF_ALL))).toBeCloseTo(1, 2);
  });

  test("is the same in the last row of a map as in the row of that token", () => {
    const map = RUN.frames[2]?.attentionMap;
    if (!map) throw new Error("no map");
    for (const reading of [MEAN_OF_ALL, { layer: 2, head: 1 }, { layer: 4, head: null }]) {
      const { rows, columns, values } = mapOf(map, reading);
      const row = numbersOf(rowsAt(2), reading);
      expect(columns).toBe(row.length);
      row.forEach((share, key) => {
        expect(values[(rows - 1) * columns + key]).toBeCloseTo(share, 2);
      });
    }
  });

  test("has maps of the prompt and of every third token", () => {
    const snapshots = snapshotsOf(RUN);
    expect(snapshots.map(({ step }) => step)).toEqual([-1, 2, 5]);
    const stepsShown = [-1, 0, 1, 2, 4, 5].map((step) => snapshotAt(snapshots, step)?.step);
    expect(stepsShown).toEqual([-1, -1, -1, 2, 2, 5]);
  });
});

describe("missing heads and layers", () => {
  const shares: Shares = {
    shape: [3, 2, 2],
    values: Float32Array.of(0.2, 0.8, NaN, NaN, NaN, NaN, NaN, NaN, 0.5, 0.5, 0.1, 0.9),
    scale: 1,
  };

  test("are left out of a mean", () => {
    const close = (row: Float32Array) => [...row].map((share) => Number(share.toFixed(4)));
    expect(close(numbersOf(shares, { layer: 0, head: null }))).toEqual([0.2, 0.8]);
    expect(close(numbersOf(shares, MEAN_OF_ALL))).toEqual([0.2667, 0.7333]);
    expect(close(numbersOf(shares, { layer: 1, head: null }))).toEqual([NaN, NaN]);
    expect([0, 1, 2].map((layer) => hasAttention(shares, layer))).toEqual([true, false, true]);
  });

  test("a choice from another model falls back to what this model has", () => {
    expect(fitting({ layer: 2, head: 7 }, shares)).toEqual({ layer: 2, head: null });
    expect(fitting({ layer: 9, head: 1 }, shares)).toEqual(MEAN_OF_ALL);
    expect(fitting({ layer: 2, head: 1 }, shares)).toEqual({ layer: 2, head: 1 });
  });
});

test("bytes are multiplied by their scale", () => {
  const shares: Shares = { shape: [1, 1, 2], values: Uint8Array.of(51, 204), scale: 1 / 255 };
  expect(numbersOf(shares, MEAN_OF_ALL)[1]).toBeCloseTo(0.8, 6);
});

describe("values of a row", () => {
  const row = Float32Array.of(0.5, 0.1, 0.3, 0.1);

  test("strongest returns the largest first; sumBetween adds up a range", () => {
    expect(strongest(row, 2)).toEqual([0, 2]);
    expect(strongest(row, 9)).toEqual([0, 2, 1, 3]);
    expect(sumBetween(row, 2, 99)).toBeCloseTo(0.4);
    expect(sumBetween(row, 0, 0)).toBe(0);
  });

  test("without the first token the others are scaled to add up to 1", () => {
    const rest = withoutFirst(row);
    expect(rest[0]).toBeNaN();
    expect(rest[2]).toBeCloseTo(0.6);
    expect([...withoutFirst(Float32Array.of(1, 0))]).toEqual([NaN, NaN]);
  });

  test("a shade is linear or a square root, and 1 at the end of its range", () => {
    expect(shadeOf(0.25, { curve: "linear", full: 1 })).toBe(0.25);
    expect(shadeOf(0.25, { curve: "root", full: 1 })).toBe(0.5);
    expect(shadeOf(0.5, { curve: "linear", full: 0.25 })).toBe(1);
    expect(shadeOf(Number.NaN, { curve: "root", full: 1 })).toBeNaN();
  });
});

describe("many keys on few pixels", () => {
  test.each([
    [4000, 30],
    [7, 3],
    [3, 7],
    [1, 5],
  ])("%i keys on %i pixels: every key is on a pixel", (keys, pixels) => {
    const { from, to, most } = binsOf(keys, pixels);
    const seen = new Set<number>();
    for (let i = 0; i < pixels; i++) {
      for (let key = from[i] ?? 0; key < (to[i] ?? 0); key++) seen.add(key);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: keys }, (_, i) => i));
    expect(most).toBe(Math.ceil(keys / pixels));
  });

  test("a pixel has the maximum of its keys; missing values are ignored, later keys are -1", () => {
    const values = Float32Array.of(9, 0.1, 0.7, NaN, 0.2);
    expect(largestIn(values, 1, 4, 0, 4)).toBeCloseTo(0.7);
    expect(largestIn(values, 3, 1, 0, 1)).toBeNaN();
    expect(largestIn(values, 1, 4, 4, 6)).toBe(-1);
  });
});
