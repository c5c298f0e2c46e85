import { describe, expect, test } from "vitest";
import type { RunEvent } from "@/lib/contract/frames";
import { RECORDED } from "@/lib/contract/recordings.fixture";
import { leastCertain } from "./least-certain";
import { recordedRun } from "./recorded-run.fixture";
import { canContinue, isBusy } from "./run-record";
import { createRunStore, currentStep, type RunStore } from "./run-store";

/** A store whose animation frames run when the test calls `paint`. */
function storeWithScreen() {
  const waiting: (() => void)[] = [];
  const store = createRunStore((callback) => waiting.push(callback));
  const paint = () => {
    for (const callback of waiting.splice(0)) callback();
  };
  return { store, paint };
}

const receive = (store: RunStore, events: readonly RunEvent[]) => {
  for (const event of events) store.receive(event);
};

test("subscribers are notified once per animation frame", () => {
  const { store, paint } = storeWithScreen();
  store.begin("nothing");
  let calls = 0;
  store.subscribe(() => calls++);
  receive(store, RECORDED.slice(0, 8));
  expect(calls).toBe(0);
  paint();
  expect(calls).toBe(1);
  expect(store.getState().run.frames).toHaveLength(6);
});

test("the phase follows the events", () => {
  const { store, paint } = storeWithScreen();
  const phaseAfter = (event: RunEvent) => {
    store.receive(event);
    paint();
    return store.getState().run.phase;
  };
  expect(store.getState().run.phase).toBe("idle");
  store.begin("nothing");
  expect(store.getState().run.phase).toBe("connecting");
  const [start, prompt, token] = RECORDED as [RunEvent, RunEvent, RunEvent];
  expect(phaseAfter(start)).toBe("prefill");
  expect(phaseAfter({ type: "queued", position: 2 })).toBe("queued");
  expect(phaseAfter({ type: "queued", position: 0 })).toBe("loading");
  expect(phaseAfter(prompt)).toBe("running");
  expect(phaseAfter(token)).toBe("running");
  expect(phaseAfter(RECORDED.at(-1) as RunEvent)).toBe("done");
});

test("the newest token is shown until another is selected", () => {
  const { store, paint } = storeWithScreen();
  store.begin("nothing");
  receive(store, RECORDED.slice(0, 5));
  paint();
  expect(currentStep(store.getState())).toBe(2);
  store.select(1);
  receive(store, RECORDED.slice(5, 8));
  paint();
  expect(currentStep(store.getState())).toBe(1);
  store.select(99);
  expect(currentStep(store.getState())).toBe(5);
  store.select(null);
  expect(currentStep(store.getState())).toBe(5);
});

test("stopping keeps what was received", () => {
  const { store, paint } = storeWithScreen();
  store.begin("nothing");
  receive(store, RECORDED.slice(0, 6));
  store.stop();
  paint();
  const { run } = store.getState();
  expect(run.phase).toBe("stopped");
  expect(run.frames).toHaveLength(4);
  expect(isBusy(run)).toBe(false);
  expect(canContinue(run)).toBe(true);
});

test("a continued run has its tokens once, though they are sent again", () => {
  const { store, paint } = storeWithScreen();
  store.begin("nothing");
  receive(store, RECORDED.slice(0, 6));
  store.fail({ code: "stream_broken", title: "", detail: "" });
  paint();
  const kept = store.getState().run.frames.slice();
  store.begin("received");
  receive(store, RECORDED);
  paint();
  const { run } = store.getState();
  expect(run.phase).toBe("done");
  expect(run.failure).toBeNull();
  expect(run.frames.slice(0, kept.length)).toEqual(kept);
  expect(run.frames.map(({ index }) => index)).toEqual(run.frames.map((_, i) => i));
});

test("a new run replaces the last one, whose frames stay unchanged", () => {
  const { store, paint } = storeWithScreen();
  store.begin("nothing");
  receive(store, RECORDED);
  paint();
  const first = store.getState().run;
  store.begin("nothing");
  receive(store, RECORDED.slice(0, 3));
  paint();
  expect(first.frames).toHaveLength(12);
  expect(store.getState().run.frames).toHaveLength(1);
});

test("each layer's extent covers every token", () => {
  const { store, paint } = storeWithScreen();
  store.begin("nothing");
  receive(store, RECORDED);
  paint();
  const { frames, extents, domains } = store.getState().run;
  for (const { layers } of frames) {
    layers.mlpNorm?.forEach((value, layer) => {
      expect(value).toBeGreaterThanOrEqual(extents.mlpNorm?.low[layer] ?? Number.NaN);
      expect(value).toBeLessThanOrEqual(extents.mlpNorm?.high[layer] ?? Number.NaN);
      expect(value).toBeLessThanOrEqual(domains.mlpNorm?.max ?? 0);
    });
  }
});

describe("a finished run rests", () => {
  const atOnce = (callback: () => void) => callback();
  const least = recordedRun().frames.reduce((a, b) => (b.entropy > a.entropy ? b : a)).index;
  const finished = (act: (store: RunStore) => void = () => {}) => {
    const store = createRunStore(atOnce, undefined, true);
    store.begin("nothing");
    receive(store, RECORDED.slice(0, -1));
    act(store);
    receive(store, RECORDED.slice(-1));
    return store.getState().selected;
  };

  test("on the token of which the model was least certain, not on the last", () => {
    expect(finished()).toBe(least);
    expect(least).toBeLessThan(recordedRun().frames.length - 1);
  });

  test("but on the visitor’s own choice, which may be the newest token", () => {
    expect(finished((store) => store.select(2))).toBe(2);
    expect(finished((store) => store.select(null))).toBeNull();
  });

  test("not where a breakpoint ended it, or in a store that does not ask for it", () => {
    const last = RECORDED.at(-1);
    if (last?.type !== "done") throw new Error("no end");
    const hits = [{ condition: "text", value: null, found: "x" }] as const;
    const done = { ...last.done, reason: "breakpoint", hits } as const;
    for (const rests of [true, false]) {
      const store = createRunStore(atOnce, undefined, rests);
      store.begin("nothing");
      receive(store, [...RECORDED.slice(0, -1), rests ? { type: "done", done } : last]);
      expect(store.getState().selected).toBeNull();
    }
  });

  test("a fork does not rest on a token that it was forced to begin with", () => {
    const run = recordedRun();
    if (!run.start) throw new Error("no start");
    const forced = run.frames.slice(0, least + 1).map(({ id }) => id);
    const settings = { ...run.start.settings, forced_ids: forced };
    const forked = { ...run, start: { ...run.start, settings } };
    expect(leastCertain(forked)).toBeGreaterThan(least);
    const all = run.frames.map(({ id }) => id);
    const only = { ...run.start, settings: { ...settings, forced_ids: all } };
    expect(leastCertain({ ...run, start: only })).toBeNull();
  });
});
