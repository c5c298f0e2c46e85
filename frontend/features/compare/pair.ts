import type { Divergence, Side } from "@/lib/contract/parse-compare-event";
import type { Extent, RunRecord } from "@/lib/run/run-record";

export type Records = Readonly<Record<Side, RunRecord>>;

/** Returns the number of tokens of the longer run. */
export const lengthOf = ({ a, b }: Records): number => Math.max(a.frames.length, b.frames.length);

/**
 * Returns the number of tokens after which the server's time limit ended the comparison, in the
 * shorter of the runs that it ended; null if it did not.
 */
export function tokensInTime({ a, b }: Records): number | null {
  const ended = [a, b].filter(({ done }) => done?.reason === "deadline");
  return ended.length === 0 ? null : Math.min(...ended.map(({ frames }) => frames.length));
}

/** Returns the index of the first token that differs, or null if there is none yet. */
export function firstDifference({ a, b }: Records): number | null {
  const both = Math.min(a.frames.length, b.frames.length);
  for (let index = 0; index < both; index++) {
    if (a.frames[index]?.id !== b.frames[index]?.id) return index;
  }
  return null;
}

/** Gives both records the larger of their scales, so that their charts can be compared. */
export function onOneScale({ a, b }: Records): Records {
  const domains = { ...a.domains };
  for (const [name, domain] of Object.entries(b.domains)) {
    const series = name as keyof typeof domains;
    const own = domains[series];
    if (!own || domain.max > own.max) domains[series] = domain;
  }
  return { a: { ...a, domains }, b: { ...b, domains } };
}

export interface MeanKl {
  readonly mean: number;
  readonly tokens: number;
}

/** Mean divergence over the tokens that both runs predicted after the same text. */
export function meanKl(divergences: readonly Divergence[]): MeanKl | null {
  const kls = divergences.flatMap(({ kl, sameText }) => (kl !== null && sameText ? [kl] : []));
  if (kls.length === 0) return null;
  return { mean: kls.reduce((sum, kl) => sum + kl, 0) / kls.length, tokens: kls.length };
}

/** Smallest and largest distance of each layer in the comparison so far, for a stable scale. */
export function extentOf(divergences: readonly Divergence[]): Extent | null {
  const rows = divergences.flatMap(({ residDistance }) => (residDistance ? [residDistance] : []));
  const first = rows[0];
  if (!first) return null;
  const low = first.slice();
  const high = first.slice();
  for (const row of rows) {
    row.forEach((value, layer) => {
      if (value < (low[layer] ?? value)) low[layer] = value;
      if (value > (high[layer] ?? value)) high[layer] = value;
    });
  }
  return { low, high };
}
