// Not with Intl.NumberFormat or toLocaleString: their first use takes longer than any other part of
// loading the page.

const THOUSANDS = /(?<!\.\d*)\B(?=(\d{3})+(?!\d))/g;

/** Writes a number with its thousands separated. */
export const withThousands = (value: number, separator: string): string =>
  String(value).replace(THOUSANDS, separator);
