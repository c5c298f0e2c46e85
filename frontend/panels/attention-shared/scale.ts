/**
 * How a weight becomes a shade: linearly or by its square root. `full` is the weight with the full
 * colour.
 */
export interface ShadeScale {
  readonly curve: "linear" | "root";
  readonly full: number;
}

export const FULL_AT = [1, 0.25, 0.05] as const;

/** Returns a shade from 0 to 1; NaN stays NaN. */
export function shadeOf(weight: number, { curve, full }: ShadeScale): number {
  const share = Math.min(1, weight / full);
  return curve === "root" ? Math.sqrt(share) : share;
}
