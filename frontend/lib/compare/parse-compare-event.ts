import type { WireCommon, WireCompared, WireDivergence, WireError } from "@/lib/contract";
import type { Failure, RunEvent } from "@/lib/run/frames";
import { ContractMismatch, parseVector } from "@/lib/run/parse-array";
import { parseFailure, parseObject, readEvent } from "@/lib/run/parse-event";

export type Side = "a" | "b";

/** How far apart two runs are at one token; null where it does not exist. */
export interface Divergence {
  readonly index: number;
  readonly sameText: boolean;
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
      return { type: "side", side: sideOf(wire.side), event: eventOf(wire.event, json) };
    case "common": {
      const { kl_absent, layers_absent } = wire as unknown as WireCommon;
      return {
        type: "common",
        common: { klAbsent: kl_absent ?? null, layersAbsent: layers_absent ?? null },
      };
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

function eventOf(given: unknown, json: string): RunEvent {
  if (typeof given !== "object" || given === null) {
    throw new ContractMismatch("side.event", "is no object");
  }
  return { ...readEvent(given as Record<string, unknown>), line: lineOf(given, json) };
}

/** The event as that run alone would have sent it; cut out of what was sent where it can be. */
function lineOf(event: object, json: string): string {
  const head = /^\{"type":"side","side":"[ab]","event":/.exec(json);
  return head && json.endsWith("}}") ? json.slice(head[0].length, -1) : JSON.stringify(event);
}

function divergenceOf(wire: WireDivergence): Divergence {
  if (typeof wire.index !== "number") throw new ContractMismatch("divergence.index", "is missing");
  const vector = (value: unknown, name: string) =>
    value == null ? null : parseVector(value, `divergence.${name}`);
  return {
    index: wire.index,
    sameText: wire.same_text,
    kl: wire.kl ?? null,
    klReverse: wire.kl_reverse ?? null,
    rank: wire.rank ?? null,
    rankReverse: wire.rank_reverse ?? null,
    logprob: wire.logprob ?? null,
    sameTop: wire.same_top ?? null,
    residDistance: vector(wire.resid_distance, "resid_distance"),
    residCosine: vector(wire.resid_cosine, "resid_cosine"),
  };
}

const summaryOf = (wire: WireCompared): Summary => ({
  steps: wire.steps,
  meanKl: wire.mean_kl ?? null,
  maxKl: wire.max_kl ?? null,
  sameTop: wire.same_top ?? null,
  partedAt: wire.parted_at ?? null,
});
