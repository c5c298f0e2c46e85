import type { TokenFrame } from "@/lib/run/frames";
import type { RunRecord } from "@/lib/run/run-record";

/** What of a token is one number, or one number a layer or head. */
export const KINDS = [
  "prob",
  "entropy",
  "rank",
  "effective",
  "resid",
  "mlp",
  "attn",
  "head",
  "step_ms",
  "capture_ms",
] as const;
export type Kind = (typeof KINDS)[number];

export interface Scalar {
  readonly kind: Kind;
  readonly layer?: number;
  readonly head?: number;
}

/** What has to be chosen beside the kind. */
export function axesOf(kind: Kind): readonly ("layer" | "head")[] {
  if (kind === "head") return ["layer", "head"];
  return kind === "resid" || kind === "mlp" || kind === "attn" ? ["layer"] : [];
}

/** `resid.7`, `head.3.4`, `prob`. */
export const idOf = ({ kind, layer, head }: Scalar): string =>
  [kind, layer, head].filter((part) => part !== undefined).join(".");

/** The scalar of a token; NaN where it has none. */
export function readScalar({ kind, layer = 0, head = 0 }: Scalar, frame: TokenFrame): number {
  const { layers, distribution } = frame;
  switch (kind) {
    case "prob":
      return frame.prob;
    case "entropy":
      return frame.entropy;
    case "rank":
      return frame.rank;
    case "effective":
      return distribution.effectiveTokens;
    case "resid":
      return layers.residNorm?.[layer] ?? Number.NaN;
    case "mlp":
      return layers.mlpNorm?.[layer] ?? Number.NaN;
    case "attn":
      return layers.attnNorm?.[layer] ?? Number.NaN;
    case "head":
      return headOf(frame, layer, head);
    case "step_ms":
      return frame.stepMs;
    case "capture_ms":
      return frame.captureMs;
  }
}

function headOf({ layers: { attnEntropy } }: TokenFrame, layer: number, head: number): number {
  if (!attnEntropy || head >= attnEntropy.columns) return Number.NaN;
  return attnEntropy.values[layer * attnEntropy.columns + head] ?? Number.NaN;
}

export interface Limits {
  /** How many layers may be chosen; of the residual stream one more, what leaves the last. */
  readonly layers: number;
  readonly heads: number;
}

/** What this run lets choose from, as its model tells or its first token shows. */
export function limitsOf({ start, frames }: RunRecord): Limits {
  const first = frames[0]?.layers;
  return {
    layers: first?.mlpNorm?.length ?? start?.model.layers ?? 0,
    heads: first?.attnEntropy?.columns ?? start?.model.heads ?? 0,
  };
}

/** How far the axis of a kind reaches where that is known before the run. */
export const fixedMax = (kind: Kind): number | null => (kind === "prob" ? 1 : null);

/** Ranks run over four powers of ten and most are 0: only a logarithm shows both. */
export const isLog = (kind: Kind): boolean => kind === "rank";
