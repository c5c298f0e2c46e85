import { mediaMatches } from "@/lib/browser/media";
import { isPresenting } from "@/lib/present/present";
import { MAX_COLUMNS } from "./layout";

/**
 * Widths at which the grid has four and two columns; in Present mode it has two at most. GRID_CLASSES and COLUMN_CLASSES use the same.
 */
const WIDE = "(width >= 88rem)";
const MIDDLE = "(width >= 48rem)";

/** Returns the current number of columns of the grid. */
export function gridColumns(): number {
  if (!mediaMatches(MIDDLE)) return 1;
  return mediaMatches(WIDE) && !isPresenting() ? MAX_COLUMNS : 2;
}

export const GRID_CLASSES =
  "grid-cols-1 md:grid-cols-2 min-[88rem]:grid-cols-[minmax(23.5rem,1.3fr)_1fr_1fr_1fr] md:present:grid-cols-2!";

/** In a grid of two columns, widths 1 and 2 take one column, widths 3 and 4 take both. */
export const COLUMN_CLASSES: Readonly<Record<number, string>> = {
  1: "",
  2: "min-[88rem]:col-span-2 present:col-span-1!",
  3: "md:col-span-2 min-[88rem]:col-span-3 md:present:col-span-2!",
  4: "col-span-full",
};

export const ROW_CLASSES: Readonly<Record<number, string>> = {
  1: "",
  2: "md:row-span-2",
  3: "md:row-span-3",
};
