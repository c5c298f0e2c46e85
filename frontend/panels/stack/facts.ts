import type { LensRow, SourcesFrame, TokenFrame } from "@/lib/contract/frames";
import { promptLength, type RunRecord } from "@/lib/run/run-record";
import { MEAN_OF_ALL, numbersOf, strongest } from "@/panels/attention-shared/pattern";
import { tokenAt } from "@/panels/attention-shared/run-tokens";
import { ranked, type Sources, shownOf, sourcesOfHead } from "@/panels/attention-shared/sources";

/** The measurements at a position. */
export type Measured = Pick<
  TokenFrame,
  "layers" | "logitLens" | "attentionRows" | "attentionSources"
>;

/** A position of the context. `frame` is what was measured there. */
export interface Column {
  readonly position: number;
  readonly label: string;
  readonly frame: Measured | undefined;
}

/** The last position of the prompt predicts the first token; those before it have columns. */
export const columnAt = (run: RunRecord, position: number): Column => ({
  position,
  label: tokenAt(run, position)?.label ?? "",
  frame: run.frames[position + 1 - promptLength(run)] ?? promptColumn(run, position),
});

function promptColumn({ prompt }: RunRecord, position: number): Measured | undefined {
  const columns = prompt?.columns;
  return columns?.[position - (columns[0]?.position ?? 0)];
}

/** Returns the position whose residual stream predicted this token. */
export const predictedAt = (run: RunRecord, step: number): number => promptLength(run) + step - 1;

/** Adjacent layers that are drawn as one row. */
export interface Band {
  readonly first: number;
  readonly last: number;
}

/** One head of one layer. */
export interface HeadPlace {
  readonly layer: number;
  readonly head: number;
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

export function factsOf({ layers, logitLens }: Measured, { first, last }: Band): BandFacts {
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

/** Whether attention was measured at a position. */
export const hasSources = ({ attentionRows, attentionSources }: Measured): boolean =>
  attentionRows !== undefined || attentionSources !== undefined;

/**
 * Returns where a band attends; null if it has no attention. All weights give the mean over heads
 * and layers. Without them a band of several layers has the largest weight in any of its layers,
 * because only the strongest sources of each layer are known.
 */
export function sourcesOf(frame: Measured, { first, last }: Band): Sources | null {
  const { attentionRows, attentionSources } = frame;
  if (!attentionRows) {
    const layers = attentionSources ? rowsOf(attentionSources, first, last) : [];
    const [only] = layers;
    if (!only) return null;
    return first === last ? shownOf(only) : { ...shownOf(largestOf(layers)), largest: true };
  }
  let sum: Float32Array | null = null;
  let count = 0;
  for (let layer = first; layer <= last; layer++) {
    const row = numbersOf(attentionRows, { layer, head: null });
    if (row.length === 0 || Number.isNaN(row[0])) continue;
    sum = sum ? sum.map((share, key) => share + (row[key] as number)) : row;
    count += 1;
  }
  return sum && ranked(sum.map((share) => share / count));
}

/**
 * Returns the sources whose arcs a band shows: those of the chosen head in its layer, elsewhere the
 * mean of all heads, which is faint beside a chosen head.
 */
export function shownSources(frame: Measured, band: Band, head: HeadPlace | null) {
  const isOfHead = head !== null && band.first <= head.layer && head.layer <= band.last;
  return {
    sources: isOfHead ? sourcesOfHead(frame, head.layer, head.head) : sourcesOf(frame, band),
    isFaint: head !== null && !isOfHead,
  };
}

/** Returns where the mean of all heads attends; null if that was not measured. */
export function meanSources({ attentionRows, attentionSources }: Measured): Sources | null {
  if (attentionRows) return ranked(numbersOf(attentionRows, MEAN_OF_ALL));
  if (!attentionSources) return null;
  const last = attentionSources.positions.length - 1;
  const [mean] = rowsOf(attentionSources, last, last);
  return mean ? shownOf(mean) : null;
}

/**
 * Returns the attention on each position, as the mean of all heads; NaN where only the strongest
 * sources are known.
 */
export function attentionByPosition(frame: Measured, count: number): Float32Array {
  const weights = new Float32Array(count).fill(Number.NaN);
  if (frame.attentionRows)
    weights.set(numbersOf(frame.attentionRows, MEAN_OF_ALL).subarray(0, count));
  else
    for (const { position, share } of meanSources(frame)?.others ?? []) weights[position] = share;
  return weights;
}

/** Returns the positions that attention reads most over all layers, most read first. */
export function strongSources({ attentionRows, attentionSources }: Measured, count: number) {
  if (attentionRows) {
    const row = numbersOf(attentionRows, MEAN_OF_ALL);
    row[0] = Number.NaN;
    return strongest(row, count);
  }
  const sums = new Map<number, number>();
  const layers = (attentionSources?.positions.length ?? 1) - 2;
  for (const { others } of attentionSources ? rowsOf(attentionSources, 0, layers) : []) {
    for (const { position, share } of others) {
      sums.set(position, share + (sums.get(position) ?? 0));
    }
  }
  return [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([position]) => position);
}

/** Returns the sources of layers `first` to `last` that have attention. */
function rowsOf({ positions, weights }: SourcesFrame, first: number, last: number): Sources[] {
  return positions.slice(first, last + 1).flatMap((row, i) => {
    const at = (first + i) * weights.columns;
    const share = (place: number) => weights.values[at + place] ?? Number.NaN;
    if (!row) return [];
    return [
      { first: share(0), others: row.map((position, k) => ({ position, share: share(1 + k) })) },
    ];
  });
}

/** Returns the largest weight of each source in any of the rows. */
function largestOf(rows: readonly Sources[]): Sources {
  const most = new Map<number, number>();
  for (const { others } of rows) {
    for (const { position, share } of others) {
      most.set(position, Math.max(share, most.get(position) ?? 0));
    }
  }
  const others = [...most].map(([position, share]) => ({ position, share }));
  return {
    first: Math.max(...rows.map(({ first }) => first)),
    others: others.sort((a, b) => b.share - a.share || a.position - b.position),
  };
}
