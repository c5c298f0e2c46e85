import type { KeyboardEvent } from "react";

export const itemsIn = (menu: Element | null): HTMLElement[] => [
  ...(menu?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? []),
];

/** From item to item of a menu; a letter goes to the next one that begins with it. */
export function walkMenu(event: KeyboardEvent<HTMLElement>): void {
  const items = itemsIn(event.currentTarget);
  const at = items.indexOf(event.target as HTMLElement);
  const moves: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at < 0 ? -1 : at - 1,
    Home: 0,
    End: -1,
  };
  const after = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  const named = after.find((item) => startsWith(item, event.key));
  const move = moves[event.key];
  const next = move === undefined ? named : items.at(move % items.length);
  if (!next) return;
  event.preventDefault();
  next.focus();
}

const startsWith = (item: HTMLElement, key: string): boolean =>
  key.length === 1 && key !== " " && item.innerText.toLowerCase().startsWith(key.toLowerCase());
