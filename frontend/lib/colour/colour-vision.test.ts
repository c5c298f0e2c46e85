import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { colourMap, HUES, hueRow, isDiverging, MAP_NAMES } from "./maps";
import { type Oklch, type Rgb, toOklab, toRgb } from "./oklab";
import { RAMPS, type Theme } from "./ramp";

/**
 * Matrices that simulate in linear RGB the loss of one kind of cone: Machado, Oliveira and
 * Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009),
 * severity 1.
 */
const VISIONS = {
  "all cones": [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [
    0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998,
  ],
  deuteranopia: [
    0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881,
  ],
  tritanopia: [
    1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039,
  ],
} as const;
type Vision = keyof typeof VISIONS;
const NAMES = Object.keys(VISIONS) as Vision[];
const THEMES: readonly Theme[] = ["light", "dark"];

const linear = (rgb: Rgb) =>
  rgb.map((byte) => {
    const share = byte / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];

/** Returns the OKLab coordinates of a colour as seen with this kind of colour vision. */
function seen(rgb: Rgb, vision: Vision): readonly [number, number, number] {
  const given = linear(rgb);
  const m = VISIONS[vision];
  const cone = (row: number) =>
    Math.max(
      0,
      given.reduce((sum, part, i) => sum + part * (m[row * 3 + i] ?? 0), 0),
    );
  const [r, g, b] = [cone(0), cone(1), cone(2)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const n = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * n - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * n + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * n - 0.808675766 * s,
  ];
}

/**
 * Returns the distance of two colours in OKLab. Side by side, colours are distinguishable from
 * about 0.02 on.
 */
function distance(a: Rgb, b: Rgb, vision: Vision): number {
  const [from, to] = [seen(a, vision), seen(b, vision)];
  return Math.hypot(from[0] - to[0], from[1] - to[1], from[2] - to[2]);
}

const luminance = (rgb: Rgb) => {
  const [r, g, b] = linear(rgb);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a: Rgb, b: Rgb) => {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
};

/** The colours of `globals.css`, by name and theme. */
const SHEET = Object.fromEntries(
  [
    ...readFileSync("app/globals.css", "utf8").matchAll(
      /--([\w-]+): light-dark\(oklch\(([^)]+)\), oklch\(([^)]+)\)\)/g,
    ),
  ].map(([, name, light, dark]) => [name, { light: colour(light), dark: colour(dark) }]),
) as Record<string, Record<Theme, Rgb>>;

function colour(oklch = ""): Rgb {
  return toRgb(toOklab(oklch.split(" ").map(Number) as unknown as Oklch));
}

const named = (name: string, theme: Theme): Rgb => {
  const found = SHEET[name]?.[theme];
  if (!found) throw new Error(`no colour ${name}`);
  return found;
};

const SEQUENTIAL = (theme: Theme): [string, readonly Rgb[]][] => [
  ["the ramp of probability", RAMPS.probability[theme]],
  ["the ramp of attention", RAMPS.attention[theme]],
  ...MAP_NAMES.filter((name) => !isDiverging(name)).map((name): [string, readonly Rgb[]] => [
    name,
    colourMap(name, theme),
  ]),
];

function expectOrder(colours: readonly Rgb[], vision: Vision): void {
  const stops = Array.from(
    { length: 9 },
    (_, i) => colours[Math.round((i / 8) * (colours.length - 1))] as Rgb,
  );
  const lights = stops.map((stop) => seen(stop, vision)[0]);
  const direction = Math.sign((lights[8] ?? 0) - (lights[0] ?? 0));
  for (const [i, stop] of stops.slice(1).entries()) {
    expect(distance(stop, stops[i] as Rgb, vision)).toBeGreaterThan(0.04);
    expect(direction * ((lights[i + 1] ?? 0) - (lights[i] ?? 0))).toBeGreaterThan(0.02);
  }
}

describe.each(THEMES)("in the %s theme", (theme) => {
  describe.each(NAMES)("seen with %s", (vision) => {
    test.each(SEQUENTIAL(theme))(
      "each eighth of %s differs from the next, and lightness is monotonic",
      (_, colours) => expectOrder(colours, vision),
    );

    test("the two sides of zero can be distinguished, and each is monotonic in lightness", () => {
      const energy = colourMap("energy", theme);
      expectOrder(energy.slice(0, 128).toReversed(), vision);
      expectOrder(energy.slice(128), vision);
      const ends = distance(energy[0] as Rgb, energy[255] as Rgb, vision);
      expect(ends).toBeGreaterThan(0.15);
      const [below, above] = [hueRow(0, theme)[200], hueRow(HUES - 1, theme)[200]];
      expect(distance(below as Rgb, above as Rgb, vision)).toBeGreaterThan(0.09);
    });

    test.each([
      ["accent", "data"],
      ["accent", "ink"],
      ["accent", "sheet"],
      ["accent", "shade"],
      ["data", "sheet"],
      ["data", "ink"],
      ["attention", "data"],
      ["attention", "accent"],
      ["attention", "sheet"],
      ["stream", "accent"],
      ["stream", "attention"],
      ["stream", "sheet"],
      ["error", "data"],
      ["error", "ink"],
      ["error", "sheet"],
    ])("%s and %s can be distinguished", (a, b) => {
      expect(distance(named(a, theme), named(b, theme), vision)).toBeGreaterThan(0.09);
    });
  });

  test.each([
    ["ink", 7],
    ["quiet", 4.5],
    ["accent-strong", 4.5],
    ["error", 4.5],
  ] as const)("%s can be read on every ground", (ink, least) => {
    for (const ground of ["paper", "sheet", "well"]) {
      expect(contrast(named(ink, theme), named(ground, theme))).toBeGreaterThanOrEqual(least);
    }
    for (const wash of ["accent-wash", "error-wash"]) {
      expect(contrast(named(ink, theme), named(wash, theme))).toBeGreaterThanOrEqual(4.5);
    }
  });

  test.each(["accent", "data", "stream", "attention", "edge"])(
    "%s has a contrast of 3 with the sheet",
    (mark) => {
      expect(contrast(named(mark, theme), named("sheet", theme))).toBeGreaterThanOrEqual(3);
    },
  );

  test.each(["shade", "attention-shade"])(
    "ink is legible on the strongest %s of a token",
    (shade) => {
      expect(contrast(named("ink", theme), named(shade, theme))).toBeGreaterThanOrEqual(4.5);
    },
  );
});
