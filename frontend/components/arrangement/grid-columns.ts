import { MAX_COLUMNS } from "@/lib/arrangement/arrangement";
import { mediaMatches } from "@/lib/browser/media";

/** Where the grid has how many columns; the classes of the grid and its panels say the same. */
const WIDE = "(width >= 88rem)";
const MIDDLE = "(width >= 48rem)";

/** How many columns the grid has now. */
export function gridColumns(): number {
  if (mediaMatches(WIDE)) return MAX_COLUMNS;
  return mediaMatches(MIDDLE) ? 2 : 1;
}

export const GRID_CLASSES =
  "grid-cols-1 md:grid-cols-2 min-[88rem]:grid-cols-[minmax(23.5rem,1.3fr)_1fr_1fr_1fr]";

/** Up to half of the page is one column of two. */
export const COLUMN_CLASSES: Readonly<Record<number, string>> = {
  1: "",
  2: "min-[88rem]:col-span-2",
  3: "md:col-span-2 min-[88rem]:col-span-3",
  4: "col-span-full",
};

export const ROW_CLASSES: Readonly<Record<number, string>> = {
  1: "",
  2: "md:row-span-2",
  3: "md:row-span-3",
};
