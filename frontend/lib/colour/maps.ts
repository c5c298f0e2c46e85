import { cache } from "@/lib/caching/cache";
import { fromRgb, mix, type Oklab, type Oklch, type Rgb, toOklab, toRgb } from "./oklab";
import { evenTable, SIZE, type Theme } from "./ramp";

export const MAP_NAMES = ["energy", "gray", "viridis", "magma", "cividis"] as const;
export type MapName = (typeof MAP_NAMES)[number];

/**
 * Samples of published colour maps: viridis and magma by Stéfan van der Walt and Nathaniel Smith
 * (CC0), cividis by Nuñez, Anderton and Renslow (2018, CC0). Colours in between are interpolated so
 * that OKLab lightness is linear.
 */
const PUBLISHED = {
  viridis: "440154 482475 414487 355f8d 2a788e 21918c 22a884 44bf70 7ad151 bddf26 fde725",
  magma: "000004 140e36 3b0f70 641a80 8c2981 b73779 de4968 f7705c fe9f6d fecf92 fcfdbf",
  cividis: "00204d 00336f 39486b 575c6d 707173 8a8779 a69d75 c4b56c e4cf5b ffea46",
} as const;

/** Blue, the background colour, red. Both ends differ equally from the background in lightness. */
const ENERGY: Record<Theme, readonly [Oklch, Oklch, Oklch]> = {
  light: [
    [0.44, 0.165, 262],
    [0.965, 0.006, 95],
    [0.44, 0.165, 27],
  ],
  dark: [
    [0.78, 0.115, 242],
    [0.235, 0.012, 268],
    [0.78, 0.135, 40],
  ],
};

const GRAY: readonly [Oklch, Oklch] = [
  [0.16, 0, 0],
  [0.98, 0, 0],
];

const publishedTable = (hexes: string): readonly Rgb[] => {
  const anchors = hexes.split(" ").map((hex) => fromRgb(fromHex(hex)));
  const first = anchors[0]?.[0] ?? 0;
  const last = anchors.at(-1)?.[0] ?? 1;
  return Array.from({ length: SIZE }, (_, i) =>
    toRgb(atLightness(anchors, first + ((last - first) * i) / (SIZE - 1))),
  );
};

/** Interpolates between anchors of increasing lightness to the colour of this lightness. */
function atLightness(anchors: readonly Oklab[], lightness: number): Oklab {
  const right = Math.max(
    1,
    anchors.findIndex(([l]) => l >= lightness),
  );
  const [from, to] = anchors.slice(right - 1);
  if (!from || !to) return anchors.at(-1) ?? [1, 0, 0];
  return mix(from, to, (lightness - from[0]) / (to[0] - from[0]));
}

const fromHex = (hex: string): Rgb => {
  const byte = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return [byte(0), byte(2), byte(4)];
};

const cachedTable = cache<string, readonly Rgb[]>();

/**
 * Returns the 256 colours of a map. Only `energy`, whose middle is the background, depends on the
 * theme.
 */
export function colourMap(name: MapName, theme: Theme): readonly Rgb[] {
  if (name === "energy") return cachedTable(`energy ${theme}`, () => evenTable(ENERGY[theme]));
  if (name === "gray") return cachedTable("gray", () => evenTable(GRAY));
  return cachedTable(name, () => publishedTable(PUBLISHED[name]));
}

/** Whether the middle of the map represents 0. */
export const isDiverging = (name: MapName): boolean => name === "energy";

/** The number of hues for a second signal, from -1 (blue) through 0 (grey) to 1 (orange). */
export const HUES = 17;
const HUE_ENDS = { below: 255, above: 60 } as const;
const HUE_CHROMA = 0.15;
const HUE_LIGHTNESS: Record<Theme, readonly [number, number]> = {
  light: [0.965, 0.42],
  dark: [0.235, 0.86],
};

/**
 * Returns the 256 colours of one hue of the second signal, 0 to `HUES` - 1. Lightness is linear
 * from the background to the strongest colour and the same for all hues, so that people with
 * different colour vision see the same lightness.
 */
export function hueRow(hue: number, theme: Theme): readonly Rgb[] {
  return cachedTable(`hue ${hue} ${theme}`, () => {
    const signal = (hue / (HUES - 1)) * 2 - 1;
    const angle = signal < 0 ? HUE_ENDS.below : HUE_ENDS.above;
    const [paper, strongest] = HUE_LIGHTNESS[theme];
    return Array.from({ length: SIZE }, (_, i) => {
      const share = i / (SIZE - 1);
      // Colours close to the background's lightness allow little chroma.
      const chroma = Math.abs(signal) * HUE_CHROMA * Math.min(1, share * 1.6);
      return toRgb(toOklab([paper + (strongest - paper) * share, chroma, angle]));
    });
  });
}
