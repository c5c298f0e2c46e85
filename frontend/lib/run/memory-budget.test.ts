import { expect, test } from "vitest";
import type { TokenFrame } from "@/lib/contract/frames";
import { measuredBytes, NOTHING_KEPT, retainNewest } from "./memory-budget";
import { recordedRun } from "./recorded-run.fixture";

const recorded = recordedRun().frames[3] as TokenFrame;
const frameAt = (index: number): TokenFrame => ({
  ...recorded,
  index,
  tiles: { shape: [6, 16, 16], values: new Float32Array(6 * 16 * 16) },
});
const ONE = measuredBytes(frameAt(0));

test("the estimated size of a frame is at least that of its arrays", () => {
  expect(ONE).toBeGreaterThan(6 * 16 * 16 * 4 + 20 * 4);
  expect(ONE).toBeLessThan(40_000);
});

test("above the limit only the oldest frames lose their measurements", () => {
  const frames: TokenFrame[] = [];
  let kept = NOTHING_KEPT;
  for (let index = 0; index < 100; index += 1) {
    frames.push(frameAt(index));
    kept = retainNewest(frames, kept, ONE * 10.5);
    expect(kept.bytes).toBeLessThanOrEqual(ONE * 10.5);
  }
  expect(kept.from).toBe(90);
  const { text, prob, entropy, rank } = recorded;
  expect(frames[89]).toMatchObject({ index: 89, text, prob, entropy, rank, layers: {}, top: [] });
  expect(frames[89]).not.toHaveProperty("tiles");
  expect(frames[90]).toEqual(frameAt(90));
  expect(frames[99]).toEqual(frameAt(99));
});

test("the newest frame keeps its measurements, whatever its size", () => {
  const frames = [frameAt(0)];
  expect(retainNewest(frames, NOTHING_KEPT, 1)).toEqual({ from: 0, bytes: ONE });
  expect(frames[0]).toEqual(frameAt(0));
});
