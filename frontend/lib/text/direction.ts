import type { KeyboardEvent } from "react";

const SWAPPED: Readonly<Record<string, string>> = {
  ArrowLeft: "ArrowRight",
  ArrowRight: "ArrowLeft",
};

/** The key as if the text that it is pressed in were written from left to right. */
export function inReadingOrder({ key, currentTarget }: KeyboardEvent): string {
  const { direction } = getComputedStyle(currentTarget);
  return direction === "rtl" ? (SWAPPED[key] ?? key) : key;
}
