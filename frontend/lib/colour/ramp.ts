import { mix, type Oklch, type Rgb, toOklab, toRgb } from "./oklab";

export type Theme = "light" | "dark";

/** What a ramp shows. Each quantity has one ramp, in all panels. */
export type RampName = "probability" | "attention";

/**
 * Sequential ramps with linear lightness from the background to the strongest colour, so that equal
 * differences look equal, also with a colour vision deficiency.
 */
const STOPS: Record<RampName, Record<Theme, readonly Oklch[]>> = {
  probability: {
    light: [
      [0.96, 0.015, 100],
      [0.66, 0.1, 205],
      [0.36, 0.12, 268],
    ],
    dark: [
      [0.25, 0.03, 268],
      [0.575, 0.115, 225],
      [0.9, 0.11, 130],
    ],
  },
  attention: {
    light: [
      [0.965, 0.012, 310],
      [0.66, 0.14, 305],
      [0.355, 0.16, 290],
    ],
    dark: [
      [0.25, 0.035, 285],
      [0.575, 0.16, 298],
      [0.9, 0.085, 325],
    ],
  },
};

/** The number of colours of every colour map. */
export const SIZE = 256;

/** Returns SIZE colours, interpolated between evenly spaced stops. */
export function evenTable(stops: readonly Oklch[]): readonly Rgb[] {
  const points = stops.map(toOklab);
  return Array.from({ length: SIZE }, (_, i) => {
    const place = (i / (SIZE - 1)) * (points.length - 1);
    const left = Math.min(Math.floor(place), points.length - 2);
    const [from, to] = points.slice(left);
    return from && to ? toRgb(mix(from, to, place - left)) : ([0, 0, 0] as const);
  });
}

const tablesOf = ({ light, dark }: Record<Theme, readonly Oklch[]>) => ({
  light: evenTable(light),
  dark: evenTable(dark),
});

export const RAMPS: Record<RampName, Record<Theme, readonly Rgb[]>> = {
  probability: tablesOf(STOPS.probability),
  attention: tablesOf(STOPS.attention),
};

/** Returns a ramp's colour of a fraction from 0 to 1. */
export function rampColour(ramp: RampName, theme: Theme, share: number): Rgb {
  const place = Math.round(Math.max(0, Math.min(1, share)) * (SIZE - 1));
  return RAMPS[ramp][theme][place] ?? [0, 0, 0];
}

export const css = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`;

/** Returns a CSS gradient of a ramp, for a legend. */
export function rampGradient(ramp: RampName, theme: Theme): string {
  const stops = Array.from({ length: 9 }, (_, i) => css(rampColour(ramp, theme, i / 8)));
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** Returns the text colour with the higher contrast: black on light colours, white on dark ones. */
export function inkOn([red, green, blue]: Rgb): "#000000" | "#ffffff" {
  const linear = [red, green, blue].map((byte) => {
    const share = byte / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const [r = 0, g = 0, b = 0] = linear;
  // At this luminance black and white have the same contrast by WCAG's formula.
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
}
