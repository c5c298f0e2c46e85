/** How far two runs are apart at one token: `mav_engine/compare/` computes the same. */
import type { Prediction } from "../generation/prediction";
import type { SentCommon, SentDivergence } from "../sent-events";
import type { Step } from "../step";
import { toWire } from "../wire";

/** What is compared of one token of one run. */
export interface TokenState {
  readonly tokenId: number;
  readonly prediction: Prediction;
  /** [layers + 1] vectors of the residual stream. */
  readonly resid: readonly Float32Array[];
}

/** A copy, since the next pass overwrites the step. */
export function stateOf(tokenId: number, prediction: Prediction, step: Step): TokenState {
  const count = step.count("resid");
  const resid = Array.from({ length: count }, (_, i) => step.vector("resid", i).slice());
  return { tokenId, prediction, resid };
}

export function divergenceAt(
  index: number,
  sameText: boolean,
  a: TokenState,
  b: TokenState,
  { kl_absent, layers_absent }: Pick<SentCommon, "kl_absent" | "layers_absent">,
): SentDivergence {
  const [one, other] = [a.prediction, b.prediction];
  const [p, q] = kl_absent === null ? [logprobs(one), logprobs(other)] : [];
  const logprob = other.logprob(a.tokenId);
  const isPredicted = p && q;
  const rows = (measure: (a: Float32Array, b: Float32Array) => number) =>
    layers_absent === null
      ? toWire(
          Float32Array.from(a.resid, (row, i) => measure(row, b.resid[i] as Float32Array)),
          [a.resid.length],
        )
      : null;
  return {
    type: "divergence",
    index,
    same_text: sameText,
    kl: isPredicted ? klDivergence(p, q) : null,
    kl_reverse: isPredicted ? klDivergence(q, p) : null,
    rank: isPredicted ? other.rank(a.tokenId) : null,
    rank_reverse: isPredicted ? one.rank(b.tokenId) : null,
    logprob: isPredicted && Number.isFinite(logprob) ? logprob : null,
    same_top: isPredicted ? top(one) === top(other) : null,
    resid_distance: rows(relativeDistance),
    resid_cosine: rows(cosine),
  };
}

const top = ({ logits, peak }: Prediction): number => logits.indexOf(peak);

/** In double precision, since close models differ by less than the rounding of float32. */
function logprobs({ logits, peak }: Prediction): Float64Array {
  let total = 0;
  for (let id = 0; id < logits.length; id++) total += Math.exp((logits[id] as number) - peak);
  const shift = Math.log(total);
  return Float64Array.from(logits, (logit) => logit - peak - shift);
}

/** KL(p‖q) in nats; null where it is infinite: q excludes a token that p does not. */
function klDivergence(p: Float64Array, q: Float64Array): number | null {
  let total = 0;
  for (let id = 0; id < p.length; id++) {
    const logprob = p[id] as number;
    if (logprob > -Infinity) total += Math.exp(logprob) * (logprob - (q[id] as number));
  }
  return Number.isFinite(total) ? Math.max(0, total) : null;
}

function dot(a: Float32Array, b: Float32Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += (a[i] as number) * (b[i] as number);
  return total;
}

/** ‖a - b‖ / ‖a‖; NaN or infinite where a is 0. */
function relativeDistance(a: Float32Array, b: Float32Array): number {
  const difference = a.map((value, i) => value - (b[i] as number));
  return Math.sqrt(dot(difference, difference) / dot(a, a));
}

/** NaN where one of them is 0. */
const cosine = (a: Float32Array, b: Float32Array): number =>
  Math.max(-1, Math.min(1, dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))));
