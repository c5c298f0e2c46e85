import { decodeVector } from "./arrays";
import {
  CompareEventSchema,
  type WireCompared,
  type WireDivergence,
  type WireSideEvent,
} from "./compare-schemas";
import type { Failure, RunEvent } from "./frames";
import { decodeEvent, decodeFailure } from "./parse-event";
import type { WireArray } from "./schemas";
import { parseJson, validatedEvent } from "./validate";

export type Side = WireSideEvent["side"];

/** The difference of two runs at one token; null where a value does not exist. */
export interface Divergence {
  readonly index: number;
  readonly sameText: boolean;
  /** KL(a‖b) in nats. */
  readonly kl: number | null;
  readonly klReverse: number | null;
  /** The rank of a's token in b's prediction. */
  readonly rank: number | null;
  readonly rankReverse: number | null;
  /** The log probability of a's token in b's prediction. */
  readonly logprob: number | null;
  readonly sameTop: boolean | null;
  /** [layers + 1], as a fraction of the norm of a. */
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

/** Parses and validates an event of a comparison. Throws ContractMismatch, as `parseEvent` does. */
export function parseCompareEvent(json: string): CompareEvent {
  const wire = validatedEvent(CompareEventSchema, parseJson(json));
  switch (wire.type) {
    case "side": {
      const { side, event } = wire;
      return { type: wire.type, side, event: { ...decodeEvent(event), line: lineOf(json) } };
    }
    case "common": {
      const { kl_absent, layers_absent } = wire;
      return { type: wire.type, common: { klAbsent: kl_absent, layersAbsent: layers_absent } };
    }
    case "divergence":
      return { type: wire.type, divergence: decodeDivergence(wire) };
    case "compared":
      return { type: wire.type, summary: decodeSummary(wire) };
    case "error":
      return { type: wire.type, failure: decodeFailure(wire) };
  }
}

/**
 * Returns the JSON line that the run alone would have sent, cut out of the received text if
 * possible.
 */
function lineOf(json: string): string {
  const head = /^\{"type":"side","side":"[ab]","event":/.exec(json);
  return head && json.endsWith("}}")
    ? json.slice(head[0].length, -1)
    : JSON.stringify(JSON.parse(json).event);
}

function decodeDivergence(wire: WireDivergence): Divergence {
  const vector = (value: WireArray | null, name: string) =>
    value && decodeVector(value, `divergence.${name}`);
  return {
    index: wire.index,
    sameText: wire.same_text,
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

const decodeSummary = (wire: WireCompared): Summary => ({
  steps: wire.steps,
  meanKl: wire.mean_kl,
  maxKl: wire.max_kl,
  sameTop: wire.same_top,
  partedAt: wire.parted_at,
});
