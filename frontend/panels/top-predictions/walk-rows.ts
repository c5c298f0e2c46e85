import type { KeyboardEvent } from "react";

/** Moves the focus up and down between the rows that can be chosen. */
export function walkRows(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-alternative]")];
  const next = rows[rows.indexOf(event.target as HTMLElement) + step];
  event.preventDefault();
  next?.focus();
}
