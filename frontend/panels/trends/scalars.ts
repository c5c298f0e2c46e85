import type { TokenFrame } from "@/lib/contract/frames";
import type { RunRecord } from "@/lib/run/run-record";

/** The kinds of scalars of a token: one value, or one per layer or head. */
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

/** Returns what must be chosen in addition to the kind. */
export function axesOf(kind: Kind): readonly ("layer" | "head")[] {
  if (kind === "head") return ["layer", "head"];
  return kind === "resid" || kind === "mlp" || kind === "attn" ? ["layer"] : [];
}

/** `resid.7`, `head.3.4`, `prob`. */
export const idOf = ({ kind, layer, head }: Scalar): string =>
  [kind, layer, head].filter((part) => part !== undefined).join(".");

/** Returns the value of a token; NaN if it has none. */
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
  /**
   * The number of layers that can be chosen. The residual stream has one more: the last layer's
   * output.
   */
  readonly layers: number;
  readonly heads: number;
}

/** Returns the numbers of layers and heads, from the first token or else from the model. */
export function limitsOf({ start, frames }: RunRecord): Limits {
  const first = frames[0]?.layers;
  return {
    layers: first?.mlpNorm?.length ?? start?.model.layers ?? 0,
    heads: first?.attnEntropy?.columns ?? start?.model.heads ?? 0,
  };
}

/** Returns the maximum of the axis if it is known before the run. */
export const fixedMax = (kind: Kind): number | null => (kind === "prob" ? 1 : null);

/** Ranks range over four powers of ten and most are 0, so only a logarithmic axis shows both. */
export const isLog = (kind: Kind): boolean => kind === "rank";
