import type { Extent, RunRecord } from "@/lib/run/run-record";
import type { Divergence, Side } from "./parse-compare-event";

export type Records = Readonly<Record<Side, RunRecord>>;

/** How many tokens the longer of the two has. */
export const lengthOf = ({ a, b }: Records): number => Math.max(a.frames.length, b.frames.length);

/** Index of the first token that differs, null where none does so far. */
export function partedAt({ a, b }: Records): number | null {
  const both = Math.min(a.frames.length, b.frames.length);
  for (let index = 0; index < both; index++) {
    if (a.frames[index]?.id !== b.frames[index]?.id) return index;
  }
  return null;
}

/** Both records on the wider of their scales, so that their pictures can be compared by eye. */
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

/** Mean divergence over the tokens that both predicted after the same text, so far. */
export function meanKl(divergences: readonly Divergence[]): MeanKl | null {
  const kls = divergences.flatMap(({ kl, sameContext }) =>
    kl !== null && sameContext ? [kl] : [],
  );
  if (kls.length === 0) return null;
  return { mean: kls.reduce((sum, kl) => sum + kl, 0) / kls.length, tokens: kls.length };
}

/** Largest of a layer's distances over the comparison so far, for a scale that holds still. */
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
