import { describe, expect, test } from "vitest";
import type { TokenFrame } from "@/lib/contract/frames";
import { RECORDED } from "@/lib/contract/recordings.fixture";
import { setSpeed } from "@/lib/pace/pace";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { createRunStore, currentStep } from "@/lib/run/run-store";
import { axisLength, shareOf, stepAt } from "./axis";
import { createPlayer, playerOf } from "./player";
import { extended, keyedStep, rangeBetween, within } from "./range";
import { columnsOf, seriesOf } from "./series";

describe("keys", () => {
  test.each([
    ["ArrowRight", 6],
    ["ArrowUp", 6],
    ["ArrowLeft", 4],
    ["PageUp", 9],
    ["PageDown", 0],
    ["Home", 0],
    ["End", 9],
  ])("%s moves from token 5 of 9 to %i", (key, expected) => {
    expect(keyedStep(key, 5, 9)).toBe(expected);
  });

  test("other keys do nothing", () => {
    expect(keyedStep("a", 5, 9)).toBeNull();
  });
});

describe("a range", () => {
  test("is between two tokens in either order", () => {
    expect(rangeBetween(7, 3)).toEqual({ from: 3, to: 7 });
  });

  test("grows and shrinks at the end of the shown token", () => {
    let range = extended(null, 5, 6);
    expect(range).toEqual({ from: 5, to: 6 });
    range = extended(range, 6, 7);
    expect(range).toEqual({ from: 5, to: 7 });
    range = extended(range, 7, 6);
    expect(range).toEqual({ from: 5, to: 6 });
    expect(extended(range, 5, 4)).toEqual({ from: 4, to: 6 });
    expect(extended(range, 20, 21)).toEqual({ from: 20, to: 21 });
  });

  test("is clipped to the existing tokens", () => {
    expect(within({ from: 2, to: 9 }, 5)).toEqual({ from: 2, to: 5 });
    expect(within({ from: 7, to: 9 }, 5)).toBeNull();
    expect(within(null, 5)).toBeNull();
  });
});

describe("the axis", () => {
  test("does not change during a run and fits the text afterwards", () => {
    const limit = 12;
    for (const events of [2, 5, 10]) expect(axisLength(recordedRun(events))).toBe(limit);
    const run = recordedRun(6);
    const done = { reason: "eos", tokens: 4, elapsedMs: 1, tokensPerSecond: 1, hits: [] } as const;
    const over = { ...run, phase: "done", done: { ...done, resume: null } } as const;
    expect(axisLength(over)).toBe(run.frames.length);
    const held = { ...over, done: { ...over.done, resume: "mav1" } };
    expect(axisLength(held)).toBe(limit);
  });

  test("is limited by a small context", () => {
    const run = recordedRun(4);
    if (!run.start || !run.prompt) throw new Error("no start");
    const context = run.prompt.tokens.length + 5;
    const small = { ...run, start: { ...run.start, model: { ...run.start.model, context } } };
    expect(axisLength(small)).toBe(5);
  });

  test("stepAt is the inverse of shareOf", () => {
    for (const step of [0, 3, 11]) expect(stepAt(shareOf(step, 12), 12, 11)).toBe(step);
    expect(stepAt(-0.5, 12, 11)).toBe(0);
    expect(stepAt(2, 12, 11)).toBe(11);
    expect(stepAt(0.9, 12, 4)).toBe(4);
  });
});

describe("the curves", () => {
  test("read every token once, however often they are requested", () => {
    const frames: TokenFrame[] = [];
    const all = recordedRun().frames;
    for (const frame of all) {
      frames.push(frame);
      const series = seriesOf(frames);
      expect(series.count).toBe(frames.length);
      expect(seriesOf(frames)).toBe(series);
    }
    const { entropy, prob, count } = seriesOf(frames);
    expect([...entropy.slice(0, count)]).toEqual(all.map((frame) => Math.fround(frame.entropy)));
    expect([...prob.slice(0, count)]).toEqual(all.map((frame) => Math.fround(frame.prob)));
  });

  test("show the peak of a single token among thousands", () => {
    const values = new Float32Array(10_000).fill(1);
    values[6_789] = 5;
    const { low, high } = columnsOf(values, 10_000, 300);
    expect(Math.max(...high)).toBe(5);
    expect([...high].filter((value) => value === 5)).toHaveLength(1);
    expect(Math.max(...low)).toBe(1);
    expect(columnsOf(values, 3, 300).high).toHaveLength(3);
  });
});

/** A run and its player, whose animation frames run when the test calls `pass` or `step`. */
function played() {
  const store = createRunStore((callback) => callback());
  const waiting: ((now: number) => void)[] = [];
  const player = createPlayer(store, (callback) => waiting.push(callback));
  let now = 0;
  const pass = (ms: number) => {
    now += ms;
    for (const callback of waiting.splice(0)) callback(now);
  };
  store.begin("nothing");
  for (const event of RECORDED) store.receive(event);
  const step = () => currentStep(store.getState());
  return { store, player, pass, step, waiting };
}

describe("playing", () => {
  test("starts at the first token, keeps its speed, and follows the newest at its end", () => {
    const { store, player, pass, step } = played();
    setSpeed(10);
    player.play();
    expect(step()).toBe(0);
    pass(0);
    for (let i = 1; i <= 11; i++) {
      pass(50);
      expect(step()).toBe(i - 1);
      pass(50);
      expect(step()).toBe(i);
    }
    pass(100);
    expect(player.getState().playing).toBe(false);
    expect(store.getState().selected).toBeNull();
  });

  test("skips tokens if it is faster than the screen", () => {
    const { player, pass, step } = played();
    setSpeed(60);
    player.play();
    pass(0);
    pass(100);
    expect(step()).toBe(6);
  });

  test("loops in a range", () => {
    const { player, pass, step } = played();
    player.setRange({ from: 4, to: 6 });
    setSpeed(10);
    player.play();
    pass(0);
    const seen = [step()];
    for (let i = 0; i < 5; i++) {
      pass(100);
      seen.push(step());
    }
    expect(seen).toEqual([4, 5, 6, 4, 5, 6]);
    player.setRange(null);
    pass(100);
    expect(step()).toBe(7);
  });

  test("is not twice as fast after pressing play twice in a frame", () => {
    const { player, pass, step, waiting } = played();
    setSpeed(10);
    player.play();
    player.pause();
    player.play();
    pass(0);
    expect(waiting).toHaveLength(1);
    pass(100);
    expect(step()).toBe(1);
  });

  test("waits while the visitor drags", () => {
    const { player, pass, step } = played();
    player.play();
    pass(0);
    player.setDragging(true);
    pass(250);
    expect(step()).toBe(0);
  });

  test("of several requests in one frame shows the last", () => {
    const { store, player, pass, step } = played();
    let calls = 0;
    store.subscribe(() => calls++);
    for (const at of [3, 8, 5]) player.scrub(at);
    pass(16);
    expect(step()).toBe(5);
    expect(calls).toBe(1);
  });

  test("the next key continues from a token that is not painted yet", () => {
    const { player, pass, step } = played();
    player.scrub(3);
    expect(player.aim()).toBe(3);
    player.scrub(player.aim() + 1);
    pass(16);
    expect([player.aim(), step()]).toEqual([4, 4]);
  });

  test("a new run clears the range; each run has its own player", () => {
    const { store, player } = played();
    player.setRange({ from: 1, to: 2 });
    store.begin("nothing");
    expect(player.getState().range).toBeNull();
    expect(playerOf(store)).toBe(playerOf(store));
    expect(playerOf(createRunStore())).not.toBe(playerOf(store));
  });
});
