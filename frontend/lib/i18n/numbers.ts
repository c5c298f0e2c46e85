import { currentDepth } from "@/lib/depth/depth";
import { currentLanguage } from "./language";
import { words } from "./words";

// Measurements are written with a decimal point in every language, so that they can be compared and
// copied. Numbers in sentences follow the language. Except in English, thousands are separated by a
// narrow space, since a comma would look like a decimal comma.
const grouped = new Intl.NumberFormat("en");
const COMPACT = { notation: "compact", maximumSignificantDigits: 3 } as const;

export const formatCount = (value: number): string =>
  currentLanguage() === "en"
    ? grouped.format(value)
    : grouped.format(value).replaceAll(",", "\u202f");

/** Formats 5,870,000 as "5.87M", in German as "5,87 Mio.". */
export const formatParameters = (value: number): string =>
  new Intl.NumberFormat(currentLanguage(), COMPACT).format(value);

/**
 * Formats a fraction (0 to 1) as a percentage with one decimal; without decimals where the page only
 * looks.
 */
export function formatPercent(share: number): string {
  const percent = share * 100;
  if (currentDepth() === "look") return wholePercent(percent);
  if (percent > 0 && percent < 0.05) return "<0.1";
  return percent.toFixed(1);
}

function wholePercent(percent: number): string {
  if (percent > 0 && percent < 0.5) return "<1";
  return percent < 100 && percent >= 99.5 ? ">99" : percent.toFixed(0);
}

/** Formats a fraction for a sentence: as a percentage, or "11 in 100" where the page only looks. */
export const formatShare = (share: number): string =>
  currentDepth() === "look"
    ? words.inHundred(wholePercent(share * 100))
    : `${formatPercent(share)}\u00a0%`;

/**
 * Formats a number with three significant digits; with an exponent only if it is very large or
 * small.
 */
export function formatMeasure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return value.toExponential(1);
  if (size >= 1000) return value.toFixed(0);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** Formats nats with two decimals, without a minus sign for values that round to 0. */
export const formatNats = (value: number): string =>
  (Math.abs(value) < 0.005 ? 0 : value).toFixed(2);

export function formatDuration(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
