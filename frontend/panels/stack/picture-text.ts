import type { StackLayout } from "./layout";

/**
 * The average width of a character of the serif and of the small type, in pixels, where readers choose
 * the largest space between letters (WCAG 1.4.12).
 */
export const CHARACTER = { serif: 8.9, small: 7.9 };

/** Returns at most `room` characters of a text, with an ellipsis if it is longer. */
export function cut(text: string, room: number): string {
  const characters = [...text];
  return characters.length <= room ? text : `${characters.slice(0, room - 1).join("")}…`;
}

/** Room for a percentage, in pixels, also where readers choose more space between letters. */
export const PERCENT = 62;

/** How many characters of a token have room below its column. */
export const tokenRoom = ({ columnWidth, single, unit }: StackLayout): number =>
  Math.max(2, Math.floor((columnWidth * (single ? 2 : 1)) / (CHARACTER.serif * unit)));
