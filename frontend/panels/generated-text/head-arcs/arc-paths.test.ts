import { expect, test } from "vitest";
import { textArc } from "./arc-paths";

const box = (left: number, top: number) => ({ left, top, bottom: top + 20, width: 40 });
const points = (path: string) => [...path.matchAll(/-?[\d.]+/g)].map(([n]) => Number(n));

test("an arc is above two tokens of a line, and below them at the upper edge", () => {
  expect(points(textArc(box(0, 60), box(100, 60)))).toEqual([20, 60, 70, 42, 120, 60]);
  expect(points(textArc(box(0, 2), box(100, 2)))).toEqual([20, 22, 70, 40, 120, 22]);
});

test("from line to line it ends at the edges that face each other", () => {
  const down = points(textArc(box(0, 0), box(100, 60)));
  expect([down.slice(0, 2), down.slice(-2)]).toEqual([[20, 20], [120, 60]]); // biome-ignore format: short
  const up = points(textArc(box(0, 60), box(100, 0)));
  expect([up.slice(0, 2), up.slice(-2)]).toEqual([[20, 60], [120, 20]]); // biome-ignore format: short
});

test("a token that reads itself has a loop", () => {
  const loop = points(textArc(box(50, 60), box(50, 60)));
  expect([loop.slice(0, 2), loop.slice(-2)]).toEqual([[65, 60], [75, 60]]); // biome-ignore format: short
});
