import { scaleLinear, scaleSymlog } from "d3-scale";

/** The scales of a chart. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /**
   * The number of tokens that the width spans. The first is at the left edge, the last at the
   * right.
   */
  readonly room: number;
  readonly max: number;
  readonly log: boolean;
}

export const tokenScale = ({ width, room }: Pick<Frame, "width" | "room">) =>
  scaleLinear([0, Math.max(1, room - 1)], [0, width]);

/** 0 is at the bottom, `max` at the top. The logarithm is that of the value plus 1. */
export function valueScale({ height, max, log }: Pick<Frame, "height" | "max" | "log">) {
  const scale = log ? scaleSymlog<number, number>() : scaleLinear<number, number>();
  return scale.domain([0, max]).range([height, 0]).clamp(true);
}

/** Returns the existing token closest to a position. */
export function tokenAt(x: number, frame: Pick<Frame, "width" | "room">, tokens: number): number {
  const at = Math.round(tokenScale(frame).invert(x));
  return Math.max(0, Math.min(tokens - 1, at));
}

/**
 * Returns the tokens that a line is drawn through. With more than two tokens per pixel these are
 * only the first, smallest, largest and last of each pixel, which gives the same picture (Jugel et
 * al., M4, 2014), and one without a value.
 */
export function drawnTokens(values: Float32Array, frame: Frame): number[] {
  if (values.length <= 2 * frame.width * (values.length / frame.room)) {
    return Array.from(values.keys());
  }
  const x = tokenScale(frame);
  const tokens: number[] = [];
  let from = 0;
  while (from < values.length) {
    const pixel = Math.floor(x(from));
    let to = from + 1;
    while (to < values.length && Math.floor(x(to)) === pixel) to++;
    tokens.push(...tellingOf(values, from, to));
    from = to;
  }
  return tokens;
}

/**
 * Returns the indices of the first, smallest, largest and last value of a range in order, and of
 * a missing value if there is one.
 */
function tellingOf(values: Float32Array, from: number, to: number): number[] {
  let low = from;
  let high = from;
  let none = -1;
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) none = i;
    if (!(value >= (values[low] as number))) low = i;
    if (!(value <= (values[high] as number))) high = i;
  }
  const telling = new Set([from, low, high, to - 1]);
  if (none >= 0) telling.add(none);
  return [...telling].sort((a, b) => a - b);
}
