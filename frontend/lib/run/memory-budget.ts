import type { TokenFrame } from "@/lib/contract/frames";

/**
 * The maximum size of a run's measurements in memory, in bytes, so that a page can stream for
 * hours.
 */
export const MEASURED_BYTES = 384 * 2 ** 20;

/** The approximate overhead of an object, array or typed array, in bytes. */
const EACH = 56;

/** Estimates the memory of a frame's measurements, in bytes. */
export function measuredBytes({ top, distribution, layers, ...rest }: TokenFrame): number {
  return bytesOf(top) + bytesOf(distribution) + bytesOf(layers) + bytesOf(rest);
}

function bytesOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 8;
  if (ArrayBuffer.isView(value)) return EACH + value.byteLength;
  const parts = Array.isArray(value) ? value : Object.values(value);
  return parts.reduce<number>((sum, part) => sum + bytesOf(part), EACH);
}

/**
 * Returns the frame with only its token, text, probability, entropy and rank, as if no optional
 * probe had been captured.
 */
export function withoutMeasurements(frame: TokenFrame): TokenFrame {
  const { index, position, id, label, text, forced, logprob, prob, rank, entropy } = frame;
  const { stepMs, captureMs, distribution } = frame;
  return {
    ...{ index, position, id, label, text, forced, logprob, prob, rank, entropy },
    ...{ stepMs, captureMs },
    top: [],
    distribution: { ...distribution, rankBins: EMPTY },
    layers: {},
  };
}

const EMPTY = new Float32Array();

/**
 * The index of the first frame that still has its measurements, and the bytes of all measurements.
 */
export interface Retained {
  readonly from: number;
  readonly bytes: number;
}

export const NOTHING_KEPT: Retained = { from: 0, bytes: 0 };

/**
 * Adds the size of the newest frame. Above the limit, removes the measurements of the oldest frames
 * in place. The newest frame always keeps its measurements.
 */
export function retainNewest(
  frames: TokenFrame[],
  kept: Retained,
  limit = MEASURED_BYTES,
): Retained {
  const newest = frames.at(-1);
  if (!newest) return kept;
  let { from, bytes } = kept;
  bytes += measuredBytes(newest);
  while (bytes > limit && from < frames.length - 1) {
    const oldest = frames[from] as TokenFrame;
    bytes -= measuredBytes(oldest);
    frames[from] = withoutMeasurements(oldest);
    from += 1;
  }
  return { from, bytes };
}
