/** The place of an id in ascending ids; -1 if it is not among them. */
export function placeOf(tokenId: number, ids: ArrayLike<number>): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ids[middle] ?? 0) < tokenId) low = middle + 1;
    else high = middle;
  }
  return ids[low] === tokenId ? low : -1;
}
