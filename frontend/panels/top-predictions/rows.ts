import type { TokenFrame } from "@/lib/contract/frames";

/** The width of the column of tokens; in a wide panel there is room for longer ones. */
export const NAME_WIDTH = "[--name:6rem] @min-[26rem]:[--name:8rem]";
/**
 * Token, bars, and three numbers; in plain words without the logit. A grid, so that each row is laid
 * out independently.
 */
export const COLUMNS =
  "grid grid-cols-[var(--name)_minmax(0,1fr)_3rem_4rem_2.75rem] look:grid-cols-[var(--name)_minmax(0,1fr)_3rem_4rem]";
/** The height of a row, 1.625rem, in pixels at the default font size. */
export const ROW_PX = 26;

/**
 * The vertical positions of the bars in a row, in pixels at the default font size: the model's
 * probability, and the sampling probability.
 */
export const BARS = {
  model: { from: 6, to: 20 },
  drawn: { from: 16, to: 20 },
} satisfies Record<string, { from: number; to: number }>;

/** Returns the chosen token's index in the list; -1 if it is not in it. */
export const indexOfChosen = (frame: TokenFrame): number =>
  frame.top.findIndex(({ id }) => id === frame.id);
