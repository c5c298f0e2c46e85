import { traceOf } from "./trace";

/** Height of a chart in the units of its picture; its width is in pixels. */
export const HEIGHT = 100;

interface Line {
  readonly values: Float32Array;
  readonly width: number;
  readonly room: number;
  readonly max: number;
  readonly log: boolean;
}

/** An SVG path of a line; a number that stands alone becomes a dot. */
export function pathOf({ values, ...frame }: Line): string {
  const points = traceOf(values, { ...frame, height: HEIGHT });
  let path = "";
  let open = false;
  for (let i = 0; i < points.length; i += 2) {
    const x = points[i] as number;
    const y = points[i + 1] as number;
    if (Number.isNaN(y)) {
      open = false;
      continue;
    }
    const place = `${x.toFixed(1)} ${y.toFixed(1)}`;
    path += open ? `L${place}` : `M${place}h0`;
    open = true;
  }
  return path;
}

/** Told apart by hue, by lightness and by dashes, the first four of them. */
export const STROKES = [
  { colour: "var(--data)", dash: undefined },
  { colour: "light-dark(oklch(0.45 0.16 305), oklch(0.8 0.11 305))", dash: "6 3" },
  { colour: "light-dark(oklch(0.5 0.11 130), oklch(0.84 0.13 130))", dash: "2 3" },
  { colour: "var(--ink)", dash: "9 3 2 3" },
] as const;

export const strokeOf = (line: number) => STROKES[line % STROKES.length] ?? STROKES[0];
