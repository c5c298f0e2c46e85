/**
 * An axis from 0 to `max` that never shrinks and grows only in round steps, so that two steps of
 * a run can be compared by eye. `since` is the token at which it last grew.
 */
export interface ToldDomain {
  readonly max: number;
  readonly since: number;
}

/** Room left above the first value, so that the axis seldom has to grow. */
const HEADROOM = 1.25;

export function growDomain(
  domain: ToldDomain | undefined,
  values: ArrayLike<number>,
  step: number,
): ToldDomain | undefined {
  const peak = largest(values);
  if (peak <= (domain?.max ?? 0)) return domain;
  return { max: roundUp(domain ? peak : peak * HEADROOM), since: step };
}

/** The largest finite value, 0 when there is none. */
export function largest(values: ArrayLike<number>): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value > max && Number.isFinite(value)) max = value;
  }
  return max;
}

/** The next of 1, 1.5, 2, 3, 4, 5, 6, 8, 10 times a power of ten. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8].find((m) => m * power >= value * (1 - 1e-9)) ?? 10;
  return Number((step * power).toPrecision(6));
}
