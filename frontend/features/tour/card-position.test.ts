import { describe, expect, test } from "vitest";
import { around, type Box, placeCard } from "./card-position";

const CARD = { width: 320, height: 180 };
const VIEW = { width: 1280, height: 800 };

const overlap = (a: Box, b: Box) =>
  a.left < b.left + b.width &&
  b.left < a.left + a.width &&
  a.top < b.top + b.height &&
  b.top < a.top + a.height;

describe("the position of the card", () => {
  test.each<[string, Box]>([
    ["a column at the left", { left: 0, top: 60, width: 336, height: 740 }],
    ["a row over the whole width", { left: 336, top: 100, width: 944, height: 200 }],
    ["a panel at the bottom right", { left: 900, top: 500, width: 380, height: 300 }],
    ["a strip at the top right", { left: 900, top: 60, width: 380, height: 40 }],
  ])("does not overlap %s and is within the window", (_, part) => {
    const { left, top } = placeCard(part, CARD, VIEW);
    expect(overlap({ left, top, ...CARD }, part)).toBe(false);
    expect(left).toBeGreaterThanOrEqual(0);
    expect(top).toBeGreaterThanOrEqual(0);
    expect(left + CARD.width).toBeLessThanOrEqual(VIEW.width);
    expect(top + CARD.height).toBeLessThanOrEqual(VIEW.height);
  });

  test("is a corner if there is no part, or if the part fills the window", () => {
    const corner = { left: 1280 - 320 - 14, top: 800 - 180 - 14 };
    expect(placeCard(null, CARD, VIEW)).toEqual(corner);
    expect(placeCard({ left: 0, top: 0, ...VIEW }, CARD, VIEW)).toEqual(corner);
  });

  test("is within a small screen", () => {
    const { left, top } = placeCard(
      { left: 0, top: 0, width: 360, height: 600 },
      { width: 332, height: 200 },
      { width: 360, height: 740 },
    );
    expect([left, top]).toEqual([14, 526]);
  });
});

test("several parts have one bounding box", () => {
  expect(around([])).toBeNull();
  expect(
    around([
      { left: 10, top: 20, width: 30, height: 40 },
      { left: 0, top: 50, width: 5, height: 100 },
    ]),
  ).toEqual({ left: 0, top: 20, width: 40, height: 130 });
});
