import { describe, expect, test } from "vitest";
import type { Rgb } from "./oklab";
import { inkOn, RAMPS } from "./ramp";

/** Returns the WCAG relative luminance. */
function luminance([red, green, blue]: Rgb): number {
  const [r = 0, g = 0, b = 0] = [red, green, blue].map((byte) => {
    const share = byte / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const fromHex = (hex: string) =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;

const contrast = (a: Rgb, b: Rgb) => {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
};

describe.each([
  ["probability", "light"],
  ["probability", "dark"],
  ["attention", "light"],
  ["attention", "dark"],
] as const)("the ramp of %s in the %s theme", (ramp, theme) => {
  test("is monotonic in luminance, so that its order is visible without colour vision", () => {
    const lights = RAMPS[ramp][theme].map(luminance);
    const sorted = lights.toSorted((a, b) => (theme === "light" ? b - a : a - b));
    expect(lights).toEqual(sorted);
  });

  test("has text of sufficient contrast on every colour", () => {
    for (const colour of RAMPS[ramp][theme]) {
      expect(contrast(colour, fromHex(inkOn(colour)))).toBeGreaterThanOrEqual(4.5);
    }
  });
});
