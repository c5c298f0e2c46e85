import type { LensRow, Shares, TokenFrame } from "@/lib/contract/frames";
import { promptLength, type RunRecord } from "@/lib/run/run-record";
import { numbersOf, strongest } from "@/panels/attention-shared/pattern";
import { tokenAt } from "@/panels/attention-shared/run-tokens";

/** A position of the context. `frame` is the token that was predicted there, if it was measured. */
export interface Column {
  readonly position: number;
  readonly label: string;
  readonly frame: TokenFrame | undefined;
}

export const columnAt = (run: RunRecord, position: number): Column => ({
  position,
  label: tokenAt(run, position)?.label ?? "",
  frame: run.frames[position + 1 - promptLength(run)],
});

/** Returns the position whose residual stream predicted this token. */
export const predictedAt = (run: RunRecord, step: number): number => promptLength(run) + step - 1;

/** Adjacent layers that are drawn as one row. */
export interface Band {
  readonly first: number;
  readonly last: number;
}

/** What the layers of a band do at one position. Sizes are means over the band; NaN if missing. */
export interface BandFacts {
  /** The size of the residual stream before the first and after the last layer. */
  readonly before: number;
  readonly after: number;
  /** The size of what attention and MLP add, relative to the stream before the layer. */
  readonly attn: number;
  readonly mlp: number;
  /** The logit lens of the last layer that has one. */
  readonly lens: LensRow | null;
}

export function factsOf({ layers, logitLens }: TokenFrame, { first, last }: Band): BandFacts {
  const { residNorm, attnNorm, mlpNorm } = layers;
  const relative = (added: Float32Array | undefined): number => {
    let sum = 0;
    let count = 0;
    for (let layer = first; layer <= last; layer++) {
      const share = (added?.[layer] ?? Number.NaN) / (residNorm?.[layer] ?? Number.NaN);
      if (!Number.isFinite(share)) continue;
      sum += share;
      count += 1;
    }
    return count === 0 ? Number.NaN : sum / count;
  };
  const lens = logitLens?.slice(first, last + 1).findLast((row) => row !== null);
  return {
    before: residNorm?.[first] ?? Number.NaN,
    after: residNorm?.[last + 1] ?? Number.NaN,
    attn: relative(attnNorm),
    mlp: relative(mlpNorm),
    lens: lens ?? null,
  };
}

export interface Source {
  readonly position: number;
  readonly share: number;
}

export interface Sources {
  /** The weight on the first token, where heads often put attention that they do not need. */
  readonly first: number;
  /** The strongest other sources, strongest first. */
  readonly others: readonly Source[];
}

/** The number of sources shown of each band, and the smallest weight that is shown. */
const SHOWN_SOURCES = 4;
export const LEAST_SHARE = 0.04;

/** Returns the attention of a band as the mean over its heads; null if it has none. */
export function sourcesOf(shares: Shares, { first, last }: Band): Sources | null {
  let sum: Float32Array | null = null;
  let count = 0;
  for (let layer = first; layer <= last; layer++) {
    const row = numbersOf(shares, { layer, head: null });
    if (row.length === 0 || Number.isNaN(row[0])) continue;
    sum = sum ? sum.map((share, key) => share + (row[key] as number)) : row;
    count += 1;
  }
  return sum && ranked(sum.map((share) => share / count));
}

/** Splits a row of weights into that of the first token and the strongest of the others. */
export function ranked(row: Float32Array): Sources {
  const rest = row.slice();
  rest[0] = Number.NaN;
  const others = strongest(rest, SHOWN_SOURCES)
    .map((position) => ({ position, share: row[position] as number }))
    .filter(({ share }) => share >= LEAST_SHARE);
  return { first: row[0] ?? Number.NaN, others };
}
