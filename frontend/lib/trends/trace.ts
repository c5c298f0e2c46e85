/** Where a chart's numbers stand on the screen. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Tokens that the width has room for; the first stands at its left edge, the last at its right. */
  readonly room: number;
  readonly max: number;
  readonly log: boolean;
}

export const xOf = (token: number, { width, room }: Pick<Frame, "width" | "room">): number =>
  (token / Math.max(1, room - 1)) * width;

export const yOf = (value: number, { height, max, log }: Frame): number => {
  const share = log ? Math.log1p(value) / Math.log1p(max) : value / max;
  return height * (1 - Math.min(1, share));
};

/** The token at a place, within those that there are. */
export function tokenAt(x: number, frame: Pick<Frame, "width" | "room">, tokens: number): number {
  const at = Math.round((x / frame.width) * Math.max(1, frame.room - 1));
  return Math.max(0, Math.min(tokens - 1, at));
}

/**
 * The points x, y of a line, one pair after the other; NaN where it breaks off. With more than two
 * tokens a pixel only the first, least, greatest and last of each pixel are kept, which draws the
 * same picture (Jugel et al., M4, 2014).
 */
export function traceOf(values: Float32Array, frame: Frame): Float32Array {
  const thick = values.length > 2 * frame.width * (values.length / frame.room);
  return Float32Array.from(thick ? thinned(values, frame) : allPoints(values, frame));
}

function allPoints(values: Float32Array, frame: Frame): number[] {
  const points: number[] = [];
  values.forEach((value, token) => {
    points.push(xOf(token, frame), Number.isFinite(value) ? yOf(value, frame) : Number.NaN);
  });
  return points;
}

function thinned(values: Float32Array, frame: Frame): number[] {
  const points: number[] = [];
  let from = 0;
  while (from < values.length) {
    const pixel = Math.floor(xOf(from, frame));
    let to = from + 1;
    while (to < values.length && Math.floor(xOf(to, frame)) === pixel) to++;
    for (const token of tellingOf(values, from, to)) {
      const value = values[token] as number;
      points.push(xOf(token, frame), Number.isFinite(value) ? yOf(value, frame) : Number.NaN);
    }
    from = to;
  }
  return points;
}

/** First, least, greatest and last of a stretch, in their order, and one that is none. */
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
