// Generated from openapi.json by scripts/generate-contract.mjs (npm run contract).
import * as v from "valibot";
import { integerFrom } from "./json-types";

const number = v.number();

/** The training step and prompt of one run in a recording. */
export const LookSchema = v.object({
  type: v.literal("training"),
  /** The version of the format. */
  v: v.literal(1),
  step: integerFrom(0),
  prompt: integerFrom(0),
  loss: v.nullable(number),
  cost_s: number,
  elapsed_s: number,
  losses: v.optional(v.array(v.strictTuple([integerFrom(0), number])), []),
});
export type WireLook = v.InferOutput<typeof LookSchema>;
