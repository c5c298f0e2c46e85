import { expect, test } from "vitest";
import { growDomain } from "./sticky-domain";

test("an axis does not change while values fit, and has the step at which it grew", () => {
  const first = growDomain(undefined, [10, 300], 0);
  expect(first).toEqual({ max: 400, since: 0 });
  expect(growDomain(first, [399, 2], 1)).toBe(first);
  expect(growDomain(first, [20], 2)).toBe(first);
  expect(growDomain(first, [401], 3)).toEqual({ max: 500, since: 3 });
});

test("NaN and Infinity do not count", () => {
  expect(growDomain(undefined, [Number.NaN, Number.POSITIVE_INFINITY], 0)).toBeUndefined();
});
