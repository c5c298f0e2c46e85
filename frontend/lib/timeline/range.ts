/** A range of tokens, inclusive. */
export interface TokenRange {
  readonly from: number;
  readonly to: number;
}

/** Returns the range between two tokens in either order. */
export const rangeBetween = (one: number, other: number): TokenRange => ({
  from: Math.min(one, other),
  to: Math.max(one, other),
});

/**
 * Returns the range after Shift and an arrow key: the end at the current step moves; if the step is
 * at neither end, a new range begins.
 */
export function extended(range: TokenRange | null, step: number, next: number): TokenRange {
  if (range?.to === step) return rangeBetween(range.from, next);
  if (range?.from === step) return rangeBetween(range.to, next);
  return rangeBetween(step, next);
}

/** Clips the range to the existing tokens; null if nothing is left. */
export function within(range: TokenRange | null, last: number): TokenRange | null {
  if (!range || range.from > last) return null;
  return range.to <= last ? range : { ...range, to: last };
}

/** Returns the token that a key moves to; null for other keys. */
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
