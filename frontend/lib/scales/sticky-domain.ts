import { niceMax } from "./nice";

/**
 * An axis from 0 to `max` that never shrinks and grows only to round numbers, so that two steps of
 * a run can be compared. `since` is the token at which it last grew.
 */
export interface StickyDomain {
  readonly max: number;
  readonly since: number;
}

/** The first maximum is at least this factor above the values, so that the axis seldom grows. */
const HEADROOM = 1.25;

export function growDomain(
  domain: StickyDomain | undefined,
  values: ArrayLike<number>,
  step: number,
): StickyDomain | undefined {
  const peak = largest(values);
  if (peak <= (domain?.max ?? 0)) return domain;
  return { max: niceMax(domain ? peak : peak * HEADROOM), since: step };
}

/** Returns the largest finite value; 0 if there is none. */
export function largest(values: ArrayLike<number>): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value > max && Number.isFinite(value)) max = value;
  }
  return max;
}
