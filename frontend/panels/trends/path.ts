import { line } from "d3-shape";
import { drawnTokens, type Frame, tokenScale, valueScale } from "./trace";

/** The height of a chart in units of its viewBox; its width is in pixels. */
export const HEIGHT = 100;

interface Line extends Omit<Frame, "height"> {
  readonly values: Float32Array;
}

/** Returns an SVG path. A single value between missing ones becomes a dot. */
export function pathOf({ values, ...chart }: Line): string {
  const frame = { ...chart, height: HEIGHT };
  const y = valueScale(frame);
  const path = line<number>()
    .defined((token) => Number.isFinite(values[token]))
    .x(tokenScale(frame))
    .y((token) => y(values[token] as number))
    .digits(1);
  return path(drawnTokens(values, frame)) ?? "";
}

/**
 * The strokes of up to eight lines, which differ in hue, lightness and dashes. Any number can be a
 * line, so the hues are none of those that have a meaning (globals.css).
 */
export const STROKES = [
  { colour: "var(--ink)", dash: undefined },
  { colour: "light-dark(oklch(0.55 0.11 100), oklch(0.84 0.13 105))", dash: "6 3" },
  { colour: "light-dark(oklch(0.45 0.14 262), oklch(0.72 0.11 262))", dash: "2 3" },
  { colour: "var(--quiet)", dash: "9 3 2 3" },
] as const;

export const strokeOf = (line: number) => STROKES[line % STROKES.length] ?? STROKES[0];
