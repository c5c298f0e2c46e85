import type { KeyboardEvent } from "react";

const SWAPPED: Readonly<Record<string, string>> = {
  ArrowLeft: "ArrowRight",
  ArrowRight: "ArrowLeft",
};

/**
 * Returns the pressed key, with left and right arrow swapped if the element's text is
 * right-to-left.
 */
export function inReadingOrder({ key, currentTarget }: KeyboardEvent): string {
  const { direction } = getComputedStyle(currentTarget);
  return direction === "rtl" ? (SWAPPED[key] ?? key) : key;
}
