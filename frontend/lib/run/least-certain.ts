import { forcedIds } from "./continuation";
import type { RunRecord } from "./run-record";

/**
 * Returns the index of the token of which the model was least certain: the one with the highest
 * entropy. Tokens that the run was forced to begin with do not count. Null if there is no other.
 */
export function leastCertain({ start, frames }: RunRecord): number | null {
  const forced = start ? forcedIds(start).length : 0;
  let found: number | null = null;
  for (const { index, entropy } of frames.slice(forced)) {
    if (found === null || entropy > (frames[found]?.entropy ?? 0)) found = index;
  }
  return found;
}
