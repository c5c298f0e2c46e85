import type { TokenFrame } from "@/lib/contract/frames";
import { growDomain, type StickyDomain } from "@/lib/scales/sticky-domain";

/** The values that the timeline draws, one per token. */
export interface Series {
  readonly count: number;
  /** The entropy in nats, or what it is at least; 0 if it is not known. */
  readonly entropy: Float32Array;
  /** The probability of the chosen token, 0 to 1. */
  readonly prob: Float32Array;
  /** Whether a token was given, or its probability is not known. */
  readonly forced: Uint8Array;
  /** The axis of the entropy. */
  readonly domain: StickyDomain | undefined;
}

const known = new WeakMap<readonly TokenFrame[], Series>();

/** Returns the series of an append-only list of frames. Each frame is read once. */
export function seriesOf(frames: readonly TokenFrame[]): Series {
  let series = known.get(frames) ?? emptySeries(frames.length);
  if (frames.length === series.count) return series;
  if (frames.length > series.entropy.length) series = grown(series, frames.length);
  series = appended(series, frames);
  known.set(frames, series);
  return series;
}

const emptySeries = (room: number): Series => ({
  count: 0,
  entropy: new Float32Array(room),
  prob: new Float32Array(room),
  forced: new Uint8Array(room),
  domain: undefined,
});

function grown(series: Series, needed: number): Series {
  const larger = emptySeries(Math.max(64, 2 * needed));
  larger.entropy.set(series.entropy);
  larger.prob.set(series.prob);
  larger.forced.set(series.forced);
  return { ...larger, count: series.count, domain: series.domain };
}

function appended(series: Series, frames: readonly TokenFrame[]): Series {
  let domain = series.domain;
  for (let i = series.count; i < frames.length; i++) {
    const frame = frames[i] as TokenFrame;
    const entropy = frame.entropyBound ?? frame.entropy;
    // Of an unknown probability nothing is drawn, and the token is grey.
    series.entropy[i] = entropy || 0;
    series.prob[i] = frame.prob || 0;
    series.forced[i] = frame.forced || Number.isNaN(frame.prob) ? 1 : 0;
    domain = growDomain(domain, [entropy], i);
  }
  return { ...series, count: frames.length, domain };
}

/**
 * Returns the minimum and maximum of the tokens in each of `columns` columns, so that the peak of a
 * single token is visible among ten thousand. If there are at most as many tokens as columns,
 * returns the values themselves.
 */
export function columnsOf(values: Float32Array, count: number, columns: number) {
  const bins = Math.min(count, columns);
  const low = new Float32Array(bins);
  const high = new Float32Array(bins);
  for (let bin = 0; bin < bins; bin++) {
    const begin = Math.floor((bin * count) / bins);
    const end = Math.max(begin + 1, Math.floor(((bin + 1) * count) / bins));
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = begin; i < end; i++) {
      const value = values[i] ?? 0;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    low[bin] = least;
    high[bin] = most;
  }
  return { low, high };
}
