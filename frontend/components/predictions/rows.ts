import type { TokenFrame } from "@/lib/run/frames";

/** Token, bars, and three figures; a grid, so that a row is laid out without the others. */
export const COLUMNS = "grid grid-cols-[6rem_minmax(0,1fr)_3rem_4rem_2.75rem]";
/** 1.625rem, as drawn at the usual size of text. */
export const ROW_PX = 26;

/** Where across a row the bars stand, as drawn at that size: what the model says, what is drawn from. */
export const BARS = {
  model: { from: 6, to: 20 },
  drawn: { from: 16, to: 20 },
} satisfies Record<string, { from: number; to: number }>;

/** Where in the list the token that was said stands; -1 outside of it. */
export const placeOfSaid = (frame: TokenFrame): number =>
  frame.top.findIndex(({ id }) => id === frame.id);
