import { describe, expect, test } from "vitest";
import type { TokenFrame } from "@/lib/contract/frames";
import { deepRun } from "@/lib/run/recorded-run.fixture";
import { columnOf, tokenRoom } from "./columns";
import { pathOf } from "./path";
import { idOf, limitsOf, readScalar } from "./scalars";
import { drawnTokens, tokenAt, valueScale } from "./trace";

const run = deepRun();
const frame = run.frames[3] as TokenFrame;

describe("scalars", () => {
  test("are the values of the token's event", () => {
    const { layers, distribution } = frame;
    expect(readScalar({ kind: "prob" }, frame)).toBeCloseTo(Math.exp(frame.logprob));
    expect(readScalar({ kind: "rank" }, frame)).toBe(frame.rank);
    expect(readScalar({ kind: "effective" }, frame)).toBe(distribution.effectiveTokens);
    expect(readScalar({ kind: "resid", layer: 6 }, frame)).toBe(layers.residNorm?.[6]);
    expect(readScalar({ kind: "mlp", layer: 2 }, frame)).toBe(layers.mlpNorm?.[2]);
    expect(readScalar({ kind: "head", layer: 3, head: 2 }, frame)).toBe(
      layers.attnEntropy?.values[3 * 4 + 2],
    );
    expect(readScalar({ kind: "step_ms" }, frame)).toBe(frame.stepMs);
  });

  test("of a missing layer or head are NaN", () => {
    expect(readScalar({ kind: "mlp", layer: 99 }, frame)).toBeNaN();
    expect(readScalar({ kind: "head", layer: 0, head: 9 }, frame)).toBeNaN();
    expect(readScalar({ kind: "resid", layer: 0 }, { ...frame, layers: {} })).toBeNaN();
  });

  test("have ids, and limits from the model", () => {
    expect(idOf({ kind: "head", layer: 3, head: 4 })).toBe("head.3.4");
    expect(idOf({ kind: "prob" })).toBe("prob");
    expect(limitsOf(run)).toEqual({ layers: 6, heads: 4 });
  });
});

describe("columns", () => {
  test("grow with the run and have the tokens of its extremes", () => {
    const frames = run.frames.slice(0, 3);
    const early = columnOf(frames, { kind: "resid", layer: 6 });
    expect(early.values).toHaveLength(3);
    frames.push(...run.frames.slice(3));
    const { values, domain, lowest, highest } = columnOf(frames, { kind: "resid", layer: 6 });
    expect([...values]).toEqual(run.frames.map(({ layers }) => layers.residNorm?.[6]));
    expect(values[lowest]).toBe(Math.min(...values));
    expect(values[highest]).toBe(Math.max(...values));
    expect(domain?.max).toBeGreaterThanOrEqual(Math.max(...values));
    expect(early.domain?.max).toBeLessThanOrEqual(domain?.max ?? 0);
  });

  test("of a probability always have a maximum of 1", () => {
    expect(columnOf(run.frames, { kind: "prob" }).domain).toEqual({ max: 1, since: 0 });
  });

  test("without any value have no scale", () => {
    const { domain, lowest } = columnOf(run.frames, { kind: "mlp", layer: 70 });
    expect([domain, lowest]).toEqual([undefined, -1]);
  });

  test.each([
    [1, 64, true, 32],
    [33, 64, true, 64],
    [33, 48, true, 48],
    [8, 12, true, 12],
    [40, 64, false, 40],
    [0, 64, true, 32],
    [1, 1, false, 2],
  ])("with %i tokens of %i (busy: %s) the axis spans %i", (tokens, most, busy, room) => {
    expect(tokenRoom(tokens, most, busy)).toBe(room);
  });
});

describe("lines", () => {
  const chart = { width: 100, height: 50, room: 5, max: 4, log: false };

  test("span the full width, have 0 at the bottom, and are interrupted at missing values", () => {
    const line = pathOf({ ...chart, values: Float32Array.of(0, 4, Number.NaN, 2, 9) });
    expect(line).toBe("M0,100L25,0M75,50L100,0");
    const alone = pathOf({ ...chart, values: Float32Array.of(Number.NaN, 1, Number.NaN) });
    expect(alone).toBe("M25,75Z");
  });

  test("on a logarithmic scale have 0 at the bottom and the maximum at the top", () => {
    const y = valueScale({ ...chart, max: 999, log: true });
    expect([y(0), y(999)]).toEqual([50, 0]);
    expect(y(9)).toBeCloseTo(50 * (2 / 3));
  });

  test("of thousands of tokens keep every extreme with few points", () => {
    const tokens = 20_000;
    const values = Float32Array.from({ length: tokens }, (_, i) => (i * 7919) % 100);
    values[12_345] = 400;
    values[777] = Number.NaN;
    const drawn = drawnTokens(values, { ...chart, room: tokens, max: 400 });
    expect(drawn.length).toBeLessThanOrEqual(5 * 101);
    expect(drawn).toContain(12_345);
    expect(drawn).toContain(777);
    expect(drawn).toEqual(drawn.toSorted((a, b) => a - b));
  });

  test("tokenAt returns the nearest existing token", () => {
    expect(tokenAt(26, chart, 5)).toBe(1);
    expect(tokenAt(100, chart, 3)).toBe(2);
    expect(tokenAt(-5, chart, 3)).toBe(0);
  });
});
