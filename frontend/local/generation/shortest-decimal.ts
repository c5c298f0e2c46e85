import { roundHalfEven } from "./rounding";

/**
 * The number whose shortest decimal stands for a number in single precision: 0.1 for the 0.1 of
 * single precision, which is 0.10000000149. JSON and tables show it with fewer digits.
 */
export function shortestDecimal(value: number): number {
  const size = Math.abs(value);
  if (size === 0 || !Number.isFinite(size)) return value;
  const decimal = (size >= 1e-14 && size < 1e9 ? scaled(size) : null) ?? written(size);
  return value < 0 ? -decimal : decimal;
}

/** Computed with powers of ten; null where these are not exact. */
function scaled(size: number): number | null {
  // Six digits always survive the way to single precision and back, nine always suffice.
  const exponent = Math.floor(Math.log10(size));
  for (let digits = 6; digits <= 9; digits++) {
    const shift = digits - 1 - exponent;
    // Powers of ten up to 22 are exact, so the quotient is rounded once.
    if (shift > 22) return null;
    const scale = 10 ** Math.abs(shift);
    const whole = roundHalfEven(shift < 0 ? size / scale : size * scale);
    const decimal = shift < 0 ? whole * scale : whole / scale;
    if (Math.fround(decimal) === size) return decimal;
  }
  return null;
}

/** Found with decimal texts, which takes longer. */
function written(size: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const [mantissa = "", exponent = ""] = size.toExponential(digits - 1).split("e");
    const whole = Number(mantissa.replace(".", ""));
    // Below a power of two numbers are denser than above it, so the decimal above the nearest one
    // may be the first that stands for the number.
    for (const candidate of [whole, whole + 1]) {
      const decimal = Number(`${candidate}e${Number(exponent) - digits + 1}`);
      if (Math.fround(decimal) === size) return decimal;
    }
  }
  return size;
}
