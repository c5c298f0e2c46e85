import { currentDepth } from "@/lib/depth/depth";
import { withThousands } from "@/lib/text/thousands";
import { currentLanguage, type Language } from "./language";
import { words } from "./words";

// Measurements are written with a decimal point in every language, so that they can be compared and
// copied. Numbers in sentences follow the language. Except in English, thousands are separated by a
// narrow space, since a comma would look like a decimal comma.
/** Formats a number with its thousands separated. */
export const formatCount = (value: number): string =>
  withThousands(value, currentLanguage() === "en" ? "," : "\u202f");

/** From the largest to the smallest. German does not abbreviate thousands. */
const UNITS: Record<Language, readonly (readonly [number, string])[]> = {
  en: [
    [1e12, "T"],
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "K"],
  ],
  de: [
    [1e12, "\u00a0Bio."],
    [1e9, "\u00a0Mrd."],
    [1e6, "\u00a0Mio."],
  ],
};

/** Formats 5,870,000 as "5.87M", in German as "5,87 Mio.". */
export function formatParameters(value: number): string {
  const rounded = Number(value.toPrecision(3));
  const language = currentLanguage();
  const unit = UNITS[language].find(([size]) => rounded >= size);
  if (!unit) return formatCount(rounded);
  const [size, name] = unit;
  const digits = String(Number((rounded / size).toPrecision(3)));
  return (language === "en" ? digits : digits.replace(".", ",")) + name;
}

/**
 * Formats a fraction (0 to 1) as a percentage with one decimal; without decimals where the page only
 * looks.
 */
export function formatPercent(share: number): string {
  if (Number.isNaN(share)) return "–";
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
  Number.isNaN(value) ? "–" : (Math.abs(value) < 0.005 ? 0 : value).toFixed(2);

/** Formats the entropy of a prediction; a lower bound of it with "≥". */
export const formatEntropy = (of: { entropy: number; entropyBound?: number }): string =>
  of.entropyBound === undefined ? formatNats(of.entropy) : `≥ ${formatNats(of.entropyBound)}`;

export function formatDuration(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
