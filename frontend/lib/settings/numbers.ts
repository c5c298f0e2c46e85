/** Why a text is no number: not one at all, or one that can be read in two ways. */
export type NumberProblem = "number" | "ambiguous";

/** One decimal mark, a point or a comma, whatever the language of the page: keypads offer either. */
const DECIMAL = /^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?$/;
/** Digits with marks of which one must group thousands: `1,000.5`, `1.000.000`, `1 000`. */
const GROUPED = /^[+-]?\d+(?:[\s.,'’]+\d+){2,}$|^[+-]?\d+[\s'’]+\d+$/;
/** `1,000`: a thousand to some readers, one to others. */
const EITHER = /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/;

interface Limits {
  readonly kind: string;
  readonly maximum?: number;
}

/** The number that a person wrote. `limits` decide whether `1,000` can be a thousand. */
export function parseNumber(written: string, limits?: Limits): number | NumberProblem {
  // Full-width digits and the minus sign of typographers are digits and a minus.
  const text = written.normalize("NFKC").replaceAll("\u2212", "-").trim();
  if (GROUPED.test(text)) return "ambiguous";
  if (!DECIMAL.test(text)) return "number";
  const number = Number(text.replace(",", "."));
  if (!limits || !EITHER.test(text)) return number;
  // A point is the decimal mark of JSON and of every link, so it groups only where no decimals can be.
  if (limits.kind === "integer") return "ambiguous";
  const thousand = Number(text.replace(/[.,]/, ""));
  return text.includes(",") && thousand <= (limits.maximum ?? Number.POSITIVE_INFINITY)
    ? "ambiguous"
    : number;
}

/** The number as JSON and links write it; a text that is none stays as it is. */
export function plainNumber(written: string): string {
  const number = parseNumber(written);
  return typeof number === "number" ? String(number) : written;
}
