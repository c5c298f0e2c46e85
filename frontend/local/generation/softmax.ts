import { peakOf } from "./prediction";
import { pairwiseSum } from "./sums";

/** [n] probabilities of scores, in double precision. */
export function softmax(scores: Float32Array | Float64Array): Float64Array {
  const peak = peakOf(scores);
  const weights = new Float64Array(scores.length);
  for (let place = 0; place < scores.length; place++) {
    weights[place] = Math.exp((scores[place] as number) - peak);
  }
  return normalized(weights);
}

/** Divide all weights by their sum, in place. */
export function normalized(weights: Float64Array): Float64Array {
  const total = pairwiseSum(weights);
  for (let place = 0; place < weights.length; place++) {
    weights[place] = (weights[place] as number) / total;
  }
  return weights;
}
