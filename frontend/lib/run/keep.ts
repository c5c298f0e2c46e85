import type { TokenFrame } from "./frames";

/** What a run may hold of measurements, in bytes; with it a page can stream for hours. */
export const MEASURED_BYTES = 384 * 2 ** 20;

/** About what an object, a list or a typed array takes beside what it holds. */
const EACH = 56;

/** About how much memory a frame's measurements take, in bytes. */
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
 * The token with its text, probability, entropy and rank, without everything that was measured
 * inside: the same as if nothing more had been captured.
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

/** From which token on a run holds its measurements, and how many bytes they take. */
export interface Kept {
  readonly from: number;
  readonly bytes: number;
}

export const NOTHING_KEPT: Kept = { from: 0, bytes: 0 };

/**
 * Counts the newest of these frames in and, where the limit is passed, lets the measurements of
 * the oldest go, in place. The newest frame always stays whole.
 */
export function keepNewest(frames: TokenFrame[], kept: Kept, limit = MEASURED_BYTES): Kept {
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
