import { forcedTokens } from "./continuation";
import type { RunRecord } from "./run-record";

/**
 * Returns the index of the token of which the model was least certain: the one with the highest
 * entropy, or bound of it. Tokens that the run was forced to begin with do not count. Null if there is no other.
 */
export function leastCertain({ start, frames }: RunRecord): number | null {
  const forced = start ? forcedTokens(start).length : 0;
  let found: number | null = null;
  let most = -1;
  for (const { index, entropy, entropyBound } of frames.slice(forced)) {
    const known = entropyBound ?? entropy;
    if (known > most) [found, most] = [index, known];
  }
  return found;
}
