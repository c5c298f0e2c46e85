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

/** The strokes of up to eight lines: the first four differ in hue, lightness and dashes. */
export const STROKES = [
  { colour: "var(--data)", dash: undefined },
  { colour: "light-dark(oklch(0.45 0.16 305), oklch(0.8 0.11 305))", dash: "6 3" },
  { colour: "light-dark(oklch(0.5 0.11 130), oklch(0.84 0.13 130))", dash: "2 3" },
  { colour: "var(--ink)", dash: "9 3 2 3" },
] as const;

export const strokeOf = (line: number) => STROKES[line % STROKES.length] ?? STROKES[0];
