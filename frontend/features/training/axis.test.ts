import { describe, expect, test } from "vitest";
import { highest, labelled, lossPath, placeOf } from "./axis";

describe("the axis of a training", () => {
  const moments = [0, 10, 50].map((step) => ({ step, loss: null, elapsedS: 0, looks: [] }));

  test.each([
    [0, 0],
    [5, 0.5],
    [10, 1],
    [30, 1.5],
    [50, 2],
    [51, null],
    [-1, null],
  ])("has step %i at position %d", (step, place) => expect(placeOf(step, moments)).toBe(place));

  test("has the curve at the positions of its steps, and a scale above every loss", () => {
    const losses = [
      [5, 8.4],
      [10, 4.25],
    ] as const;
    expect(highest(losses)).toBe(10);
    expect(lossPath(losses, moments, { width: 300, height: 100 })).toBe("M100,16L150,57.5");
    expect(lossPath([], moments, { width: 300, height: 100 })).toBe("");
  });

  test("has as many labels as fit", () => {
    expect(labelled(3, 9)).toEqual([0, 1, 2]);
    expect(labelled(10, 5)).toEqual([0, 2, 4, 6, 9]);
    expect(labelled(4, 1)).toEqual([0, 3]);
    expect(labelled(0, 5)).toEqual([]);
  });
});
