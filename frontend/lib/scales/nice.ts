import { nice, ticks } from "d3-array";

/** About how many steps an axis has. With fewer steps its end is a rounder number. */
const STEPS = 4;

/** Returns the end of an axis from 0: the domain's end after `.nice(4)` of a scale of d3. */
export const niceMax = (max: number): number => nice(0, max, STEPS)[1];

/** Returns the ticks of an axis from 0 to `max`. */
export const ticksTo = (max: number, steps = STEPS): number[] => ticks(0, max, steps);

/**
 * Returns which of `count` rows or columns are labelled if there is room for `room` labels: all,
 * or every second, fifth, tenth and so on.
 */
export function indexTicks(count: number, room: number): ReadonlySet<number> {
  const last = count - 1;
  for (let steps = Math.max(last, 1); count > 0 && steps > 0; steps--) {
    const indices = ticks(0, last, steps);
    if (indices.length <= room) return new Set(indices);
  }
  return new Set(count > 0 ? [0] : []);
}
