import type { Shares, SourcesFrame } from "@/lib/contract/frames";
import { promptLength, type RunRecord } from "@/lib/run/run-record";
import { axesOf } from "@/panels/attention-shared/pattern";

type HeadSources = NonNullable<SourcesFrame["heads"]>;

/**
 * What was measured of the attention of one query: all weights, or of each head the weight on the
 * first token and the largest other one.
 */
export type Query = AllWeights | Strongest;

interface AllWeights {
  readonly kind: "all";
  readonly shares: Shares;
  /** How many numbers a head has in `shares`, and where those of this query begin among them. */
  readonly stride: number;
  readonly offset: number;
}

interface Strongest {
  readonly kind: "strongest";
  readonly heads: HeadSources;
}

/** Returns what was measured of the query at a position; null if nothing was. */
export function queryAt(run: RunRecord, position: number): Query | null {
  const frame = run.frames[position + 1 - promptLength(run)];
  const rows = frame?.attentionRows;
  if (rows) return { kind: "all", shares: rows, stride: rows.shape[2] ?? 0, offset: 0 };
  const map = newestMap(run);
  const [queries = 0, keys = 0] = map?.shape.slice(2) ?? [];
  if (map && position < queries) {
    return { kind: "all", shares: map, stride: queries * keys, offset: position * keys };
  }
  const heads = frame?.attentionSources?.heads;
  return heads ? { kind: "strongest", heads } : null;
}

/** Returns the map with the most queries. */
export function newestMap({ frames, prompt }: RunRecord): Shares | undefined {
  // With attention rows every map is in the rows, except for the prompt's.
  const ofRows = frames.at(-1)?.attentionRows !== undefined;
  const frame = ofRows ? undefined : frames.findLast(({ attentionMap }) => attentionMap);
  return frame?.attentionMap ?? prompt?.attentionMap;
}

/** Whether two queries are the same numbers. */
export function isSameQuery(one: Query | null, other: Query | null): boolean {
  if (one?.kind === "all" && other?.kind === "all") {
    return one.shares === other.shares && one.offset === other.offset;
  }
  return one?.kind === "strongest" && other?.kind === "strongest"
    ? one.heads === other.heads
    : one === other;
}

/** Returns the number of layers and heads that were measured. */
export function sizeOf(query: Query): { layers: number; heads: number } {
  if (query.kind === "all") return axesOf(query.shares);
  const [layers = 0, heads = 0] = query.heads.weights.shape;
  return { layers, heads };
}

/**
 * Returns the weight of a head on a key; NaN for a head that was not measured. Of a query of which
 * only the strongest weights were measured it is 0 for the other keys, a lower bound.
 */
export function weightOn(query: Query, layer: number, head: number, key: number): number {
  if (query.kind === "all") {
    const { shares, stride, offset } = query;
    const { heads } = axesOf(shares);
    return (shares.values[(layer * heads + head) * stride + offset + key] as number) * shares.scale;
  }
  const { positions, weights } = query.heads;
  const [, heads = 0, numbers = 0] = weights.shape;
  const at = (layer * heads + head) * numbers;
  const first = weights.values[at] as number;
  if (key === 0 || Number.isNaN(first)) return first;
  return positions[layer]?.[head] === key ? (weights.values[at + 1] as number) : 0;
}
