import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createMoving } from "./moving";

describe("tokens that go by", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("a single step is animated, steps in a row are not, until they rest", () => {
    const told: boolean[] = [];
    const watch = createMoving((moving) => told.push(moving));
    watch.changed();
    vi.advanceTimersByTime(1000);
    expect(told).toEqual([]);
    for (let step = 0; step < 5; step++) {
      watch.changed();
      vi.advanceTimersByTime(16);
    }
    expect(told).toEqual([true]);
    vi.advanceTimersByTime(1000);
    expect(told).toEqual([true, false]);
  });

  test("who stops watching leaves no mark", () => {
    const told: boolean[] = [];
    const watch = createMoving((moving) => told.push(moving));
    watch.changed();
    watch.changed();
    watch.end();
    vi.advanceTimersByTime(1000);
    expect(told).toEqual([true, false]);
  });
});
