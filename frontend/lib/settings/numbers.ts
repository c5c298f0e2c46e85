/** Why a text is not a number: it is none, or it has two readings. */
export type NumberProblem = "number" | "ambiguous";

/**
 * A number with one decimal mark, a point or a comma. Both are accepted in every language, since
 * keypads offer either.
 */
const DECIMAL = /^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?$/;
/**
 * Digits with separators, of which at least one must group thousands: `1,000.5`, `1.000.000`, `1
 * 000`.
 */
const GROUPED = /^[+-]?\d+(?:[\s.,'’]+\d+){2,}$|^[+-]?\d+[\s'’]+\d+$/;
/** `1,000`: one thousand or 1.000. */
const EITHER = /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/;

interface Limits {
  readonly kind: string;
  readonly maximum?: number;
}

/** Parses a number as a person writes it. `limits` decide whether `1,000` can mean a thousand. */
export function parseNumber(written: string, limits?: Limits): number | NumberProblem {
  // Accepts full-width digits and the typographic minus sign.
  const text = written.normalize("NFKC").replaceAll("\u2212", "-").trim();
  if (GROUPED.test(text)) return "ambiguous";
  if (!DECIMAL.test(text)) return "number";
  const number = Number(text.replace(",", "."));
  if (!limits || !EITHER.test(text)) return number;
  // Links and JSON use the decimal point, so a point groups thousands only in integers.
  if (limits.kind === "integer") return "ambiguous";
  const thousand = Number(text.replace(/[.,]/, ""));
  return text.includes(",") && thousand <= (limits.maximum ?? Number.POSITIVE_INFINITY)
    ? "ambiguous"
    : number;
}

/** Returns the number in JSON notation; a text that is not a number is returned unchanged. */
export function plainNumber(written: string): string {
  const number = parseNumber(written);
  return typeof number === "number" ? String(number) : written;
}
