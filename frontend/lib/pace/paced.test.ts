import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createStore } from "zustand/vanilla";
import type { Pace } from "./pace";
import { paced } from "./paced";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Collects what arrives until the time `ms`, from a source that has everything at once. */
function collect(events: readonly string[], given: Partial<Pace> = {}, error?: Error) {
  const pace = createStore<Pace>(() => ({ speed: 4, full: false, ...given }));
  const abort = new AbortController();
  const source = async function* () {
    yield* events;
    if (error) throw error;
  };
  const arrived: string[] = [];
  const ended = (async () => {
    const isToken = (event: string) => event.startsWith("t");
    for await (const event of paced(source(), isToken, pace, abort.signal)) arrived.push(event);
  })();
  ended.catch(() => {});
  return { arrived, pace, abort, ended };
}

const after = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("tokens follow each other at the chosen speed, other events at once", async () => {
  const { arrived } = collect(["start", "prompt", "t0", "t1", "t2", "done"]);
  await after(0);
  expect(arrived).toEqual(["start", "prompt", "t0"]);
  await after(250);
  expect(arrived.at(-1)).toBe("t1");
  await after(249);
  expect(arrived.at(-1)).toBe("t1");
  await after(1);
  expect(arrived.at(-1)).toBe("done");
});

test("at full speed nothing waits, also what is waiting when it is chosen", async () => {
  const { arrived, pace } = collect(["t0", "t1", "t2", "t3"]);
  await after(0);
  expect(arrived).toEqual(["t0"]);
  pace.setState({ full: true });
  await after(0);
  expect(arrived).toEqual(["t0", "t1", "t2", "t3"]);
});

test("another speed applies to the token that is waiting", async () => {
  const { arrived, pace } = collect(["t0", "t1", "t2"], { speed: 0.1 });
  await after(100);
  pace.setState({ speed: 10 });
  await after(0);
  expect(arrived).toEqual(["t0", "t1"]);
});

test("an error comes after the events before it", async () => {
  const { arrived, ended } = collect(["t0", "t1"], {}, new Error("cut"));
  const failed = expect(ended).rejects.toThrow("cut");
  await after(250);
  await failed;
  expect(arrived).toEqual(["t0", "t1"]);
});

test("a stopped run waits no longer", async () => {
  const { abort, ended } = collect(["t0", "t1", "t2"], { speed: 0.001 });
  await after(0);
  abort.abort();
  await expect(ended).resolves.toBeUndefined();
});
