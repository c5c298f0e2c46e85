import { openCompare } from "@/lib/client/compare-stream";
import { createComparison } from "./comparison";

/** The comparison of this visit. It is kept when the view is closed. */
export const comparison = createComparison(openCompare);
