import type { WireCommon, WireCompared, WireDivergence, WireError } from "@/lib/contract";
import type { Failure, RunEvent } from "@/lib/run/frames";
import { ContractMismatch, parseVector } from "@/lib/run/parse-array";
import { parseFailure, parseObject, readEvent } from "@/lib/run/parse-event";

export type Side = "a" | "b";

/** How far apart two runs are at one token; null where it does not exist. */
export interface Divergence {
  readonly index: number;
  readonly sameContext: boolean;
  /** KL(a‖b) in nats. */
  readonly kl: number | null;
  readonly klReverse: number | null;
  /** Rank of a's token in b's prediction. */
  readonly rank: number | null;
  readonly rankReverse: number | null;
  /** Of a's token in b's prediction. */
  readonly logprob: number | null;
  readonly sameTop: boolean | null;
  /** [layers + 1] as a share of a's length. */
  readonly residDistance: Float32Array | null;
  readonly residCosine: Float32Array | null;
}

export interface Summary {
  readonly steps: number;
  readonly meanKl: number | null;
  readonly maxKl: number | null;
  readonly sameTop: number | null;
  readonly partedAt: number | null;
}

export interface Common {
  readonly klAbsent: string | null;
  readonly layersAbsent: string | null;
}

export type CompareEvent =
  | { readonly type: "side"; readonly side: Side; readonly event: RunEvent }
  | { readonly type: "common"; readonly common: Common }
  | { readonly type: "divergence"; readonly divergence: Divergence }
  | { readonly type: "compared"; readonly summary: Summary }
  | { readonly type: "error"; readonly failure: Failure };

/** The door for the events of a comparison; throws ContractMismatch as `parseEvent` does. */
export function parseCompareEvent(json: string): CompareEvent {
  const wire = parseObject(json);
  switch (wire.type) {
    case "side":
      return { type: "side", side: sideOf(wire.side), event: eventOf(wire.event) };
    case "common": {
      const { kl_absent, layers_absent } = wire as unknown as WireCommon;
      return { type: "common", common: { klAbsent: kl_absent, layersAbsent: layers_absent } };
    }
    case "divergence":
      return { type: "divergence", divergence: divergenceOf(wire as unknown as WireDivergence) };
    case "compared":
      return { type: "compared", summary: summaryOf(wire as unknown as WireCompared) };
    case "error":
      return { type: "error", failure: parseFailure(wire as Partial<WireError>) };
    default:
      throw new ContractMismatch("type", `is ${JSON.stringify(wire.type)}`);
  }
}

function sideOf(given: unknown): Side {
  if (given === "a" || given === "b") return given;
  throw new ContractMismatch("side.side", `is ${JSON.stringify(given)}`);
}

function eventOf(given: unknown): RunEvent {
  if (typeof given === "object" && given !== null) {
    return readEvent(given as Record<string, unknown>);
  }
  throw new ContractMismatch("side.event", "is no object");
}

function divergenceOf(wire: WireDivergence): Divergence {
  if (typeof wire.index !== "number") throw new ContractMismatch("divergence.index", "is missing");
  const vector = (value: unknown, name: string) =>
    value == null ? null : parseVector(value, `divergence.${name}`);
  return {
    index: wire.index,
    sameContext: wire.same_context,
    kl: wire.kl,
    klReverse: wire.kl_reverse,
    rank: wire.rank,
    rankReverse: wire.rank_reverse,
    logprob: wire.logprob,
    sameTop: wire.same_top,
    residDistance: vector(wire.resid_distance, "resid_distance"),
    residCosine: vector(wire.resid_cosine, "resid_cosine"),
  };
}

const summaryOf = (wire: WireCompared): Summary => ({
  steps: wire.steps,
  meanKl: wire.mean_kl,
  maxKl: wire.max_kl,
  sameTop: wire.same_top,
  partedAt: wire.parted_at,
});
