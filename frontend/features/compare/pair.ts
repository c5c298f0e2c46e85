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

/**
 * Returns the token that ended runs show at first: the first that differs, whose predictions follow
 * the same text. If none differs, the one whose predictions differ most; null without any.
 */
export function restingStep(records: Records, divergences: readonly Divergence[]): number | null {
  const difference = firstDifference(records);
  if (difference !== null) return difference;
  let most: number | null = null;
  let largest = 0;
  for (const [step, { kl }] of divergences.entries()) {
    if (kl === null || kl <= largest) continue;
    most = step;
    largest = kl;
  }
  return most;
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

/** What was compared: the tokens that both runs predicted after the same text. */
export interface Agreement {
  /** Number of tokens that both runs have. */
  readonly both: number;
  /** Number of these that were predicted after the same text. */
  readonly compared: number;
  /** Mean KL in nats over the `klTokens` of them that have one; null without any. */
  readonly meanKl: number | null;
  readonly klTokens: number;
  /** For how many the likeliest token is the same; null if that is not known. */
  readonly sameTop: number | null;
}

export function agreementOf(divergences: readonly Divergence[]): Agreement {
  const comparable = divergences.filter(({ sameText }) => sameText);
  const kls = comparable.flatMap(({ kl }) => (kl === null ? [] : [kl]));
  const tops = comparable.filter(({ sameTop }) => sameTop !== null);
  return {
    both: divergences.length,
    compared: comparable.length,
    meanKl: kls.length > 0 ? kls.reduce((sum, kl) => sum + kl, 0) / kls.length : null,
    klTokens: kls.length,
    sameTop: tops.length > 0 ? tops.filter(({ sameTop }) => sameTop).length : null,
  };
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
