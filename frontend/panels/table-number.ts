/** Returns a number for a table; null for a missing or infinite one. */
export const tableNumber = (value: number | null | undefined): number | null =>
  value === null || value === undefined || !Number.isFinite(value) ? null : value;
