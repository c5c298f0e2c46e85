// Generated from openapi.json by scripts/generate-contract.mjs (npm run contract).
import * as v from "valibot";
import { integer, tagged } from "./json-types";
import { EventSchema, ArraySchema, ErrorSchema } from "./schemas";

const string = v.string();
const boolean = v.boolean();
const number = v.number();

/** An event of one of the two runs, as that run alone would send it. */
export const SideEventSchema = v.object({
  side: v.picklist(["a", "b"]),
  event: EventSchema,
  type: v.literal("side"),
});
export type WireSideEvent = v.InferOutput<typeof SideEventSchema>;

/** Which figures of the two runs can be compared; sent once, before the first divergence. */
export const CommonSchema = v.object({
  mode: v.picklist(["own", "forced"]),
  /** Why the predictions cannot be compared; null where they can. */
  kl_absent: v.nullable(string),
  /** Why the layers cannot be compared; null where they can. */
  layers_absent: v.nullable(string),
  type: v.literal("common"),
});
export type WireCommon = v.InferOutput<typeof CommonSchema>;

/** How far apart the two runs are at one token.
 *
 * Predictions are the models' own, the softmax of all raw logits before any sampling control,
 * and logarithms are natural: so divergences are in nats. */
export const DivergenceSchema = v.object({
  /** The index of the token in both runs, from 0. */
  index: integer,
  /** Whether both runs have the same tokens before this one. Where not, the figures below compare
   * predictions after different texts. */
  same_text: boolean,
  /** KL(a‖b) = sum over the vocabulary of p_a (ln p_a - ln p_b), in nats. 0 for equal predictions;
   * null where it is infinite or the predictions cannot be compared. */
  kl: v.nullable(number),
  /** KL(b‖a). */
  kl_reverse: v.nullable(number),
  /** Rank of a's token in b's prediction; 0 is the top. */
  rank: v.nullable(integer),
  /** Rank of b's token in a's prediction. */
  rank_reverse: v.nullable(integer),
  /** Log-probability of a's token in b's prediction. */
  logprob: v.nullable(number),
  /** Whether the most likely token is the same. */
  same_top: v.nullable(boolean),
  /** [n_layers + 1] L2 norm of the difference of both residual streams, as a share of a's norm;
   * rows as in resid_norm. */
  resid_distance: v.nullable(ArraySchema),
  /** [n_layers + 1] cosine of the angle between both residual streams. */
  resid_cosine: v.nullable(ArraySchema),
  type: v.literal("divergence"),
});
export type WireDivergence = v.InferOutput<typeof DivergenceSchema>;

/** Both runs have ended without an error. */
export const ComparedSchema = v.object({
  /** Number of tokens that both runs have. */
  steps: integer,
  /** Mean of `kl` over the tokens with the same text before them; null without such tokens. */
  mean_kl: v.nullable(number),
  max_kl: v.nullable(number),
  /** Share of those tokens with the same most likely token, 0 to 1. */
  same_top: v.nullable(number),
  /** Index of the first different token; null where there is none. */
  parted_at: v.nullable(integer),
  type: v.literal("compared"),
});
export type WireCompared = v.InferOutput<typeof ComparedSchema>;

export const CompareEventSchema = tagged("type", [
  CommonSchema,
  ComparedSchema,
  DivergenceSchema,
  ErrorSchema,
  SideEventSchema,
]);
export type WireCompareEvent = v.InferOutput<typeof CompareEventSchema>;
