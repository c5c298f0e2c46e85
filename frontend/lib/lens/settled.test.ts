import { describe, expect, test } from "vitest";
import { deepRun } from "@/lib/run/fixtures/recording";
import type { LensRow } from "@/lib/run/frames";
import { answerOf, rankShare, settledLayer, windowStart } from "./settled";

const rows = (ids: readonly (number | null)[]): (LensRow | null)[] =>
  ids.map((id) => (id === null ? null : { id, label: `t${id}`, prob: 0.5, rank: 0 }));

describe("the layer where the answer settles", () => {
  test.each([
    [[1, 2, 3, 3, 3], 2],
    [[3, 2, 3, 3], 2],
    [[1, 2, 3], 2],
    [[3, 3, 3], 0],
    [[3], 0],
    [[1, null, 3, null], 2],
    [[null, 3, null, 3], 1],
    [[3, 1, null, 3], 3],
  ])("of %j is %i", (ids, layer) => {
    expect(settledLayer(rows(ids))).toBe(layer);
  });

  test("is none where no layer can be read", () => {
    expect(settledLayer([])).toBeNull();
    expect(settledLayer(rows([null, null]))).toBeNull();
    expect(answerOf(rows([null]))).toBeNull();
  });

  test("of a recorded run: every layer from there on says what the model holds likeliest", () => {
    for (const { logitLens = [], top } of deepRun().frames) {
      const layer = settledLayer(logitLens) ?? Number.NaN;
      expect(answerOf(logitLens)).toMatchObject({ id: top[0]?.id });
      expect(answerOf(logitLens)?.prob).toBeCloseTo(top[0]?.prob ?? Number.NaN, 4);
      const settled = logitLens.slice(layer).map((row) => row?.id);
      expect(new Set(settled)).toEqual(new Set([top[0]?.id]));
      expect(logitLens[layer - 1]?.id).not.toBe(top[0]?.id);
    }
  });
});

test("the rank in the last layer is the rank in the model's prediction", () => {
  for (const { logitLens = [], rank } of deepRun().frames)
    expect(logitLens.at(-1)?.rank).toBe(rank);
});

test("ranks darken evenly in their logarithm, within the vocabulary", () => {
  expect(rankShare(0, 4096)).toBe(1);
  expect(rankShare(4095, 4096)).toBeCloseTo(0, 6);
  expect(rankShare(63, 4096)).toBeCloseTo(0.5, 6);
  expect(rankShare(99_999, 4096)).toBe(0);
});

test.each([
  ["stay while the step is within", 10, 12, 30, 10],
  ["are turned by half when it goes on", 10, 18, 30, 14],
  ["are turned by half when it goes back", 10, 8, 30, 4],
  ["end with the newest token", 10, 29, 30, 22],
  ["are as many as there is room for", 29, 29, 30, 22],
  ["begin at the first token", 5, 1, 30, 0],
  ["are all where all have room", 0, 4, 5, 0],
  ["before the first token", 0, -1, 0, 0],
])("the shown tokens %s", (_, before, step, tokens, start) => {
  expect(windowStart(before, step, 8, tokens)).toBe(start);
});
