import { expect, test, vi } from "vitest";
import { cache, objectCache, once } from "./cache";

test("a value is computed once, even if it is null", () => {
  const make = vi.fn(() => null);
  const value = once(make);
  expect([value(), value()]).toEqual([null, null]);
  expect(make).toHaveBeenCalledTimes(1);
});

test.each([
  ["a key", cache<object, number>()],
  ["an object", objectCache<object, number>()],
])("%s has its own value, computed once", (_, cached) => {
  const [first, second] = [{}, {}];
  expect(cached(first, () => 1)).toBe(1);
  expect(cached(second, () => 2)).toBe(2);
  expect(cached(first, () => 3)).toBe(1);
});

test("a full cache is cleared", () => {
  const cached = cache<string, number>(2);
  for (const [key, value] of [["a", 1], ["b", 2], ["c", 3]] as const) cached(key, () => value); // biome-ignore format: short
  expect(cached("c", () => 0)).toBe(3);
  expect(cached("a", () => 4)).toBe(4);
});
