import type { TokenFrame } from "@/lib/contract/frames";
import { axesOf, isThere, numbersOf, strongest } from "./pattern";

/** The attention of the query at a position: all weights, or the strongest. */
type Measured = Pick<TokenFrame, "attentionRows" | "attentionSources">;

export interface Source {
  readonly position: number;
  readonly share: number;
}

export interface Sources {
  /** The weight on the first token, where heads often put attention that they do not need. */
  readonly first: number;
  /** The strongest other sources, strongest first. */
  readonly others: readonly Source[];
  /** Whether each weight is the largest of any layer of a band, not the mean of the layers. */
  readonly largest?: boolean;
}

/** The number of sources that are shown, and the smallest weight that is shown. */
const SHOWN_SOURCES = 4;
export const LEAST_SHARE = 0.04;

/** Returns the heads of a layer with where each attends. Its strongest source is always known. */
export const headSources = (
  frame: Measured,
  layer: number,
): { readonly head: number; readonly sources: Sources }[] =>
  Array.from({ length: headCount(frame) }, (_, head) => head).flatMap((head) => {
    const sources = sourcesOfHead(frame, layer, head);
    return sources ? [{ head, sources }] : [];
  });

function headCount({ attentionRows, attentionSources }: Measured): number {
  if (attentionRows) return axesOf(attentionRows).heads;
  return attentionSources?.heads?.weights.shape[1] ?? 0;
}

/** Returns where a head attends; null if that was not measured. */
export function sourcesOfHead(frame: Measured, layer: number, head: number): Sources | null {
  const { attentionRows, attentionSources } = frame;
  if (attentionRows) {
    const { layers, heads } = axesOf(attentionRows);
    if (layer >= layers || head >= heads || !isThere(attentionRows, layer, head)) return null;
    return ranked(numbersOf(attentionRows, { layer, head }));
  }
  const known = attentionSources?.heads;
  const [layers = 0, heads = 0, numbers = 0] = known?.weights.shape ?? [];
  if (!known || layer >= layers || head >= heads) return null;
  const at = (layer * heads + head) * numbers;
  const [first = Number.NaN, share = Number.NaN] = known.weights.values.subarray(at, at + 2);
  const position = known.positions[layer]?.[head] ?? null;
  if (Number.isNaN(first)) return null;
  return shownOf({ first, others: position === null ? [] : [{ position, share }] });
}

/** Splits a row of weights into that of the first token and the strongest of the others. */
export function ranked(row: Float32Array): Sources {
  const rest = row.slice();
  rest[0] = Number.NaN;
  const others = strongest(rest, SHOWN_SOURCES).map((position) => ({
    position,
    share: row[position] as number,
  }));
  return shownOf({ first: row[0] ?? Number.NaN, others });
}

/** Returns the sources that are shown. */
export const shownOf = (sources: Sources): Sources => ({
  ...sources,
  others: sources.others.filter(({ share }) => share >= LEAST_SHARE).slice(0, SHOWN_SOURCES),
});
