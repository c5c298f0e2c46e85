import { expect, test } from "vitest";
import { growDomain, roundUp } from "./told-domain";

test("an axis ends at a round number at or above the value", () => {
  expect([0.7, 1, 1.01, 13, 376, 4100, 9.1].map(roundUp)).toEqual([0.8, 1, 1.5, 15, 400, 5000, 10]);
});

test("an axis holds still while values fit, and tells the step at which it grew", () => {
  const first = growDomain(undefined, [10, 300], 0);
  expect(first).toEqual({ max: 400, since: 0 });
  expect(growDomain(first, [399, 2], 1)).toBe(first);
  expect(growDomain(first, [20], 2)).toBe(first);
  expect(growDomain(first, [401], 3)).toEqual({ max: 500, since: 3 });
});

test("values that do not exist do not count", () => {
  expect(growDomain(undefined, [Number.NaN, Number.POSITIVE_INFINITY], 0)).toBeUndefined();
});
