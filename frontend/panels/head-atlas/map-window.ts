/** The positions that a map shows, as queries and as keys. */
export interface MapWindow {
  readonly first: number;
  readonly count: number;
}

/** Numbers of positions; few, so that a map seldom changes its scale while a text grows. */
const COUNTS = [8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];

/** Positions by which the window of a longer text moves; a map that moves is drawn again completely. */
const STEP = 8;

/**
 * Returns the newest positions that have a pixel each, or those up to the shown one if that is
 * before them. At the end there is room for the next few.
 *
 * @param last the last query
 * @param shown the query that the page shows
 * @param pixels the size of a map, in pixels of the screen
 */
export function windowOf(last: number, shown: number, pixels: number): MapWindow {
  const room = Math.max(1, Math.floor(pixels));
  const count = Math.min(room, COUNTS.find((each) => each > last) ?? room);
  const firstFor = (q: number) => Math.max(0, Math.ceil((q - count + 1) / STEP) * STEP);
  const newest = firstFor(last);
  return { first: shown < newest ? firstFor(shown) : newest, count };
}
