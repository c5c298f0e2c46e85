import { scaleLinear } from "d3-scale";
import { describe, expect, test } from "vitest";
import { indexTicks, niceMax, ticksTo } from "./nice";

describe("an axis from 0", () => {
  test.each([
    [0.0007, 0.0008],
    [0.7, 0.8],
    [1, 1],
    [1.01, 1.2],
    [9.1, 10],
    [13, 15],
    [376, 400],
    [4100, 5000],
    [5000, 5000],
  ])("to %d ends at %d", (max, end) => {
    expect(niceMax(max)).toBe(end);
    expect(scaleLinear([0, max], [0, 1]).nice(4).domain()).toEqual([0, end]);
  });

  test("has its end among its ticks", () => {
    expect(ticksTo(niceMax(13))).toEqual([0, 5, 10, 15]);
    expect(ticksTo(1, 2)).toEqual([0, 0.5, 1]);
  });
});

describe("labelled rows or columns", () => {
  test.each([
    [0, 9, []],
    [1, 9, [0]],
    [2, 9, [0, 1]],
    [6, 9, [0, 1, 2, 3, 4, 5]],
    [10, 5, [0, 2, 4, 6, 8]],
    [24, 16, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22]],
    [80, 16, [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75]],
    [80, 1, [0]],
    [5, 0, [0]],
  ])("of %i with room for %i labels", (count, room, indices) => {
    expect([...indexTicks(count, room)]).toEqual(indices);
  });
});
