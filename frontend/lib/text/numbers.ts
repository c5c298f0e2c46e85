import { currentLanguage } from "./language";

// Figures stand the same in every language, with a point, so that they can be compared and copied;
// what is said in a sentence is written as the language writes it. Where a comma would be read as
// that point, a narrow space parts the thousands.
const grouped = new Intl.NumberFormat("en");
const COMPACT = { notation: "compact", maximumSignificantDigits: 3 } as const;

export const formatCount = (value: number): string =>
  currentLanguage() === "en"
    ? grouped.format(value)
    : grouped.format(value).replaceAll(",", "\u202f");

/** 5,870,000 as "5.87M", in German as "5,87 Mio.". */
export const formatParameters = (value: number): string =>
  new Intl.NumberFormat(currentLanguage(), COMPACT).format(value);

/** A share from 0 to 1 in percent, one digit after the point. */
export function formatPercent(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.05) return "<0.1";
  return percent.toFixed(1);
}

/** Three significant digits, without exponents for everyday sizes. */
export function formatMeasure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return value.toExponential(1);
  if (size >= 1000) return value.toFixed(0);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** Nats to two digits: what is smaller is as good as none. */
export const formatNats = (value: number): string =>
  (Math.abs(value) < 0.005 ? 0 : value).toFixed(2);

export function formatDuration(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
