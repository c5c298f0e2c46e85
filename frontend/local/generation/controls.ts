/**
 * The sampling controls that are more than a comparison.
 *
 * They compute what `mav_engine/generation/controls.py` computes, in the same precision. Penalties
 * return scores of the whole vocabulary. Filters take the scores of the candidates that are left and
 * return which of them stay, at least one.
 */

import { peakOf } from "./prediction";
import { Ranking } from "./ranking";
import { softmax } from "./softmax";

const { fround } = Math;

/**
 * Divide the positive and multiply the negative scores of all ids of the context.
 *
 * From "CTRL: A Conditional Transformer Language Model" (Keskar et al., 2019), section 4.1.
 *
 * @param scores [vocabulary] logits.
 * @param context ids of the prompt and of the generated tokens.
 * @param penalty above 1 makes repetitions less likely, below 1 more likely.
 */
export function repetitionPenalty(
  scores: Float32Array,
  context: readonly number[],
  penalty: number,
): Float32Array {
  const penalized = scores.slice();
  const factor = fround(penalty);
  for (const id of new Set(context)) {
    const score = scores[id] ?? 0;
    penalized[id] = score < 0 ? score * factor : score / factor;
  }
  return penalized;
}

/**
 * Remove the ids that would complete an n-gram of the context for a second time.
 *
 * @param scores [vocabulary] logits; removed ones become -Infinity.
 * @param context ids of the prompt and of the generated tokens.
 * @param size the n of the n-grams.
 */
export function noRepeatNgram(
  scores: Float32Array,
  context: readonly number[],
  size: number,
): Float32Array {
  const left = scores.slice();
  const current = context.length - size + 1;
  for (let begin = 0; begin + size <= context.length; begin++) {
    let place = 0;
    while (place < size - 1 && context[begin + place] === context[current + place]) place++;
    if (place === size - 1) left[context[begin + place] ?? 0] = Number.NEGATIVE_INFINITY;
  }
  return left;
}

/** [n] scores of the candidates → [n] 1 for each that stays, 0 for the others. */
export type Filter = (scores: Float64Array) => Uint8Array;

/**
 * The smallest set of the likeliest candidates whose probabilities sum to `mass` or more.
 *
 * From "The Curious Case of Neural Text Degeneration" (Holtzman et al., 2020), nucleus sampling.
 *
 * @param scores [n] log-probabilities up to a constant.
 * @param mass between 0 and 1.
 */
export function topP(scores: Float64Array, mass: number): Uint8Array {
  // Of equal scores the first ids are removed first.
  const ascending = new Ranking(scores.map((score) => -score)).all();
  const probs = softmax(scores);
  const stays = new Uint8Array(scores.length);
  let running = 0;
  for (let rank = 0; rank < ascending.length; rank++) {
    const place = ascending[rank] as number;
    running += probs[place] as number;
    if (running > 1 - mass) stays[place] = 1;
  }
  stays[ascending.at(-1) ?? 0] = 1;
  return stays;
}

/**
 * Candidates with at least this fraction of the likeliest one's probability.
 *
 * From "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs" (Nguyen et al.,
 * 2025).
 *
 * @param scores [n] log-probabilities up to a constant.
 * @param fraction between 0 and 1.
 */
export function minP(scores: Float64Array, fraction: number): Uint8Array {
  const probs = softmax(scores);
  const least = fraction * peakOf(probs);
  const stays = new Uint8Array(scores.length);
  for (let place = 0; place < probs.length; place++) {
    stays[place] = (probs[place] as number) >= least ? 1 : 0;
  }
  return stays;
}
