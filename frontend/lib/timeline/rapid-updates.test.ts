import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createRapidUpdates } from "./rapid-updates";

describe("rapid updates", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("a single step is animated, steps in a row are not, until they pause", () => {
    const changes: boolean[] = [];
    const watch = createRapidUpdates((moving) => changes.push(moving));
    watch.changed();
    vi.advanceTimersByTime(1000);
    expect(changes).toEqual([]);
    for (let step = 0; step < 5; step++) {
      watch.changed();
      vi.advanceTimersByTime(16);
    }
    expect(changes).toEqual([true]);
    vi.advanceTimersByTime(1000);
    expect(changes).toEqual([true, false]);
  });

  test("after end() updates count as settled", () => {
    const changes: boolean[] = [];
    const watch = createRapidUpdates((moving) => changes.push(moving));
    watch.changed();
    watch.changed();
    watch.end();
    vi.advanceTimersByTime(1000);
    expect(changes).toEqual([true, false]);
  });
});
