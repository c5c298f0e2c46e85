/**
 * The model's raw prediction of the next token, and the measurements derived from it.
 *
 * All of them use the model's raw logits, before any sampling control. Probabilities are the softmax
 * over the whole vocabulary; entropies are in nats. `mav_engine/generation/prediction.py` computes
 * the same.
 */

import { LocalError } from "../errors";
import { Ranking } from "./ranking";
import { roundHalfEven } from "./rounding";
import { pairwiseSum } from "./sums";

const RANK_BINS = 20;

/**
 * The 21 rank edges of the distribution's bins: fine at the top, geometric below.
 *
 * Bin i holds ranks from edge i up to, not including, edge i + 1. If there are fewer tokens than
 * bins, the last bins are empty.
 */
export function rankBinEdges(vocabulary: number): number[] {
  const last = Math.max(vocabulary, 1);
  const edges = [0];
  let before = 0;
  for (let bin = 0; bin < RANK_BINS; bin++) {
    const edge = bin === RANK_BINS - 1 ? last : last ** (bin / (RANK_BINS - 1));
    before = Math.max(roundHalfEven(edge), before + 1);
    edges.push(before);
  }
  return [...edges.slice(0, -1).map((edge) => Math.min(edge, vocabulary)), vocabulary];
}

/** Logits [vocabulary] of the next token, and measurements derived from them. */
export class Prediction {
  readonly logits: Float32Array;
  /** [vocabulary] */
  readonly probs: Float32Array;
  /** Log-sum-exp of the logits: logprob = logit - logTotal. */
  readonly logTotal: number;
  /** -sum(p ln p) over the vocabulary. */
  readonly entropy: number;
  /** The largest logit. */
  readonly peak: number;
  #ranking: Ranking | null = null;

  /** @throws LocalError (not_finite) the logits hold NaN or +Infinity, or nothing above -Infinity. */
  constructor(logits: Float32Array) {
    this.logits = logits;
    this.peak = peakOf(logits);
    this.probs = new Float32Array(logits.length);
    const { peak, probs } = this;
    const shifted = new Float32Array(logits.length);
    for (let id = 0; id < logits.length; id++) {
      shifted[id] = (logits[id] as number) - peak;
      probs[id] = Math.exp(shifted[id] as number);
    }
    const total = pairwiseSum(probs);
    let mean = 0;
    for (let id = 0; id < logits.length; id++) {
      const prob = Math.fround((probs[id] as number) / total);
      probs[id] = prob;
      // 0 ln 0 = 0, also where a logit is -Infinity.
      if (prob > 0) mean += prob * (shifted[id] as number);
    }
    const logScale = Math.log(total);
    this.entropy = Math.max(0, logScale - mean);
    this.logTotal = peak + logScale;
    if (!Number.isFinite(this.logTotal)) throw notFinite(peak);
  }

  /** Log-probability of a token, in nats. */
  logprob(tokenId: number): number {
    return this.#logit(tokenId) - this.logTotal;
  }

  /** How many tokens have a higher logit. */
  rank(tokenId: number): number {
    const logit = this.#logit(tokenId);
    // Usually it is the likeliest one, which needs no comparison with all others.
    if (logit >= this.peak) return 0;
    let above = 0;
    const { logits } = this;
    for (let id = 0; id < logits.length; id++) if ((logits[id] as number) > logit) above++;
    return above;
  }

  /** The order of the logits. */
  get ranking(): Ranking {
    this.#ranking ??= new Ranking(this.logits);
    return this.#ranking;
  }

  /** Ids of the likeliest tokens, best first; equal logits are ordered by id. */
  top(count: number): number[] {
    return Array.from(this.ranking.top(count));
  }

  /** [edges - 1] probability mass of the ranks between neighbouring edges. */
  rankMass(edges: readonly number[]): Float32Array {
    const { probs } = this;
    return Float32Array.from(this.ranking.ranges(edges), (ids) => {
      let mass = 0;
      for (let place = 0; place < ids.length; place++)
        mass += probs[ids[place] as number] as number;
      return mass;
    });
  }

  #logit(tokenId: number): number {
    return this.logits[tokenId] ?? Number.NaN;
  }
}

/** The largest number; NaN if one is NaN. */
export function peakOf(values: Float32Array | Float64Array): number {
  let peak = Number.NEGATIVE_INFINITY;
  for (let place = 0; place < values.length; place++) {
    const value = values[place] as number;
    if (!(value <= peak)) {
      if (Number.isNaN(value)) return value;
      peak = value;
    }
  }
  return peak;
}

function notFinite(peak: number): LocalError {
  const kind = Number.isNaN(peak) ? "NaN" : peak > 0 ? "Infinity" : "-Infinity";
  return LocalError.of("not_finite", "notFinite", [kind]);
}
