import { type ClassValue, clsx } from "clsx";
import { extendTailwindMerge } from "tailwind-merge";

// Without their names the sizes of our theme would pass for colours.
const merge = extendTailwindMerge({
  extend: { classGroups: { "font-size": [{ text: ["micro", "small"] }] } },
});

/** Join class names; of two that contradict each other the later one counts. */
export const classNames = (...classes: ClassValue[]): string => merge(clsx(classes));
