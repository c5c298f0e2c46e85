import { describe, expect, test } from "vitest";
import { colourMap, HUES, hueRow, isDiverging, MAP_NAMES } from "./maps";
import { fromRgb, type Rgb, toOklab, toRgb } from "./oklab";
import { SIZE } from "./ramp";

const lightness = (colour: Rgb) => fromRgb(colour)[0];
const themes = ["light", "dark"] as const;

/**
 * Returns the largest deviation of the lightness from a linear ramp between the first and last
 * colour.
 */
function unevenness(colours: readonly Rgb[]): number {
  const lights = colours.map(lightness);
  const first = lights[0] ?? 0;
  const last = lights.at(-1) ?? 0;
  return Math.max(
    ...lights.map((l, i) => Math.abs(l - (first + ((last - first) * i) / (lights.length - 1)))),
  );
}

test("a colour converted to OKLab and back is the same", () => {
  for (const rgb of [
    [0, 0, 0],
    [255, 255, 255],
    [68, 1, 84],
    [200, 100, 30],
  ] as const) {
    expect(toRgb(fromRgb(rgb))).toEqual(rgb);
  }
  expect(fromRgb(toRgb(toOklab([0.6, 0.1, 40])))[0]).toBeCloseTo(0.6, 2);
});

describe.each(themes)("in the %s theme", (theme) => {
  test.each(MAP_NAMES.filter((name) => !isDiverging(name)))("%s has linear lightness", (name) => {
    const colours = colourMap(name, theme);
    expect(colours).toHaveLength(SIZE);
    expect(unevenness(colours)).toBeLessThan(0.02);
    const [first, last] = [colours[0], colours.at(-1)] as [Rgb, Rgb];
    expect(lightness(last) - lightness(first)).toBeGreaterThan(0.55);
  });

  test("energy is linear from the background to both ends, which are equally strong", () => {
    const colours = colourMap("energy", theme);
    expect(unevenness(colours.slice(0, 128))).toBeLessThan(0.02);
    expect(unevenness(colours.slice(128))).toBeLessThan(0.02);
    const [blue, red] = [colours[0], colours.at(-1)] as [Rgb, Rgb];
    expect(lightness(blue)).toBeCloseTo(lightness(red), 1);
    expect(blue[2]).toBeGreaterThan(blue[0]);
    expect(red[0]).toBeGreaterThan(red[2]);
  });

  test("all hues of one magnitude are equally light, and magnitudes are evenly spaced", () => {
    const rows = Array.from({ length: HUES }, (_, hue) => hueRow(hue, theme));
    for (const row of rows) expect(unevenness(row)).toBeLessThan(0.025);
    for (const at of [40, 128, 255]) {
      const lights = rows.map((row) => lightness(row[at] as Rgb));
      expect(Math.max(...lights) - Math.min(...lights)).toBeLessThan(0.03);
    }
  });

  test("a second signal of 0 is grey", () => {
    const [red, green, blue] = hueRow((HUES - 1) / 2, theme)[200] as Rgb;
    expect(Math.max(red, green, blue) - Math.min(red, green, blue)).toBeLessThanOrEqual(2);
  });
});
