/**
 * Returns how many pixels stand for one pixel of a drawing: 1 where a rem has its usual 16 pixels,
 * more in Present mode or where the reader chose larger text.
 */
export const rootUnit = (): number =>
  Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;
