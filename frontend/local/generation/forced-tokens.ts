/** The tokens that a run writes before it chooses its own. */

/** Ids to write first, known before the run or still being written by another run. */
export interface ForcedTokens {
  /** The id of new token number `index`, from 0; null past the end. */
  at(index: number): number | null;
}

/** A list of ids. */
export function givenTokens(ids: readonly number[]): ForcedTokens {
  return { at: (index) => ids[index] ?? null };
}
