import { openCompare } from "@/lib/transport/compare-stream";
import { createComparison } from "./comparison";

/** The comparison of this visit; it outlives the view that shows it. */
export const comparison = createComparison(openCompare);
