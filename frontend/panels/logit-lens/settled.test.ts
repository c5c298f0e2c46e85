import { describe, expect, test } from "vitest";
import type { LensRow } from "@/lib/contract/frames";
import { deepRun } from "@/lib/run/recorded-run.fixture";
import { rankScale } from "./draw-lens";
import { answerOf, settledLayer, windowStart } from "./settled";

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

  test("is null if no layer has a lens row", () => {
    expect(settledLayer([])).toBeNull();
    expect(settledLayer(rows([null, null]))).toBeNull();
    expect(answerOf(rows([null]))).toBeNull();
  });

  test("in a recorded run: from there on every layer predicts the model's most likely token", () => {
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

test("darkness is linear in the logarithm of the rank, within the vocabulary", () => {
  const rankShare = rankScale(4096);
  expect(rankShare(0)).toBe(1);
  expect(rankShare(4095)).toBeCloseTo(0, 6);
  expect(rankShare(63)).toBeCloseTo(0.5, 6);
  expect(rankShare(99_999)).toBe(0);
});

test.each([
  ["stay while they contain the step", 10, 12, 30, 10],
  ["are centred on a later step", 10, 18, 30, 14],
  ["are centred on an earlier step", 10, 8, 30, 4],
  ["end with the newest token", 10, 29, 30, 22],
  ["fill the window at the end", 29, 29, 30, 22],
  ["begin at the first token", 5, 1, 30, 0],
  ["are all tokens if they fit", 0, 4, 5, 0],
  ["begin at 0 before the first token", 0, -1, 0, 0],
])("the shown tokens %s", (_, before, step, tokens, start) => {
  expect(windowStart(before, step, 8, tokens)).toBe(start);
});
