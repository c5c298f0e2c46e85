/** A range of tokens, both ends within it. */
export interface TokenRange {
  readonly from: number;
  readonly to: number;
}

/** The range between two tokens in any order. */
export const rangeBetween = (one: number, other: number): TokenRange => ({
  from: Math.min(one, other),
  to: Math.max(one, other),
});

/**
 * The range after Shift with an arrow key: the end at which the shown token stands goes along; away
 * from both ends a new range begins.
 */
export function extended(range: TokenRange | null, step: number, next: number): TokenRange {
  if (range?.to === step) return rangeBetween(range.from, next);
  if (range?.from === step) return rangeBetween(range.to, next);
  return rangeBetween(step, next);
}

/** The range as far as there are tokens; null where none of it is left. */
export function within(range: TokenRange | null, last: number): TokenRange | null {
  if (!range || range.from > last) return null;
  return range.to <= last ? range : { ...range, to: last };
}

/** The token that a key goes to, or null for other keys. */
export function keyedStep(key: string, step: number, last: number): number | null {
  const moves: Record<string, number> = {
    ArrowLeft: step - 1,
    ArrowDown: step - 1,
    ArrowRight: step + 1,
    ArrowUp: step + 1,
    PageDown: step - 10,
    PageUp: step + 10,
    Home: 0,
    End: last,
  };
  const next = moves[key];
  return next === undefined ? null : Math.max(0, Math.min(last, next));
}
