import type { TokenFrame } from "@/lib/contract/frames";
import type { Extent, NormSeries } from "@/lib/run/run-record";
import { ticksTo } from "@/lib/scales/nice";

/** `share`: relative to the residual stream that enters the layer. */
export const SCALES = ["linear", "log", "share"] as const;
export type LayerScale = (typeof SCALES)[number];

/** With a linear scale, bars would be short if the middle layer is below this part of the largest. */
const DWARFED = 0.25;

/** Whether one layer is so large that the others could not be told apart on a linear scale. */
export function isDwarfed(values: ArrayLike<number>): boolean {
  const sorted = Array.from(values)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return middle < DWARFED * (sorted.at(-1) ?? 0);
}

/** Returns the values as parts of the residual stream before each layer. */
export const sharesOf = (values: Float32Array, stream: Float32Array): Float32Array =>
  values.map((value, layer) => value / (stream[layer] ?? Number.NaN));

/** Returns the range of each layer's part of the stream over the frames that have both. */
export function shareExtent(frames: readonly TokenFrame[], series: NormSeries): Extent | undefined {
  let extent: Extent | undefined;
  for (const { layers } of frames) {
    const [values, stream] = [layers[series], layers.residNorm];
    if (!values || !stream) continue;
    const shares = sharesOf(values, stream);
    extent ??= { low: shares.slice(), high: shares.slice() };
    for (const [layer, share] of shares.entries()) {
      if (share < (extent.low[layer] ?? 0)) extent.low[layer] = share;
      if (share > (extent.high[layer] ?? 0)) extent.high[layer] = share;
    }
  }
  return extent;
}

export interface Axis {
  readonly ticks: readonly number[];
  /** Returns where a value is drawn, from 0 to 1; above 1 if the axis ends before it. */
  readonly placeOf: (value: number) => number;
}

export const linearAxis = (max: number): Axis => ({
  ticks: ticksTo(max),
  placeOf: (value) => value / max,
});

/** Where a block writes more than the stream holds, the bar is cut, so that the others are seen. */
export const shareAxis = linearAxis(1);

/** A logarithmic axis has at most this many powers of ten. */
const MAX_DECADES = 8;

/** An axis of whole powers of ten. */
export interface LogAxis extends Axis {
  /** The index of the frame at which the axis grew last; 0 if it did not. */
  readonly since: number;
}

/** Returns a logarithmic axis that holds all positive values of the frames. */
export function logAxis(frames: readonly TokenFrame[], series: NormSeries): LogAxis {
  let [low, high, since] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  frames.forEach(({ index, layers }) => {
    for (const value of layers[series] ?? []) {
      const power = Math.log10(value);
      if (!Number.isFinite(power)) continue;
      if ((power < low || power > high) && low <= high) since = index;
      low = Math.min(low, Math.floor(power));
      high = Math.max(high, Math.ceil(power), low + 1);
    }
    if (frames[0]?.index === index) since = 0;
  });
  if (low > high) [low, high] = [0, 1];
  const bottom = Math.max(low, high - MAX_DECADES);
  const every = Math.ceil((high - bottom) / 4);
  const ticks = Array.from({ length: high - bottom + 1 }, (_, i) => high - i)
    .filter((_, i) => i % every === 0)
    .map((power) => 10 ** power)
    .reverse();
  return { ticks, placeOf: (value) => (Math.log10(value) - bottom) / (high - bottom), since };
}
