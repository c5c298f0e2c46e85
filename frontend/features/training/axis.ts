import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import { indexTicks, niceMax } from "@/lib/scales/nice";
import { shareOf } from "@/lib/timeline/axis";
import type { StepLoss } from "./snapshot-reader";
import type { Moment } from "./training-store";

/**
 * Returns the position of a training step on the axis, where 0 is the first snapshot, or null if
 * the step is outside of all snapshots. Snapshots are evenly spaced, because a model changes most
 * in the first steps, where snapshots are densest.
 */
export function placeOf(step: number, moments: readonly Moment[]): number | null {
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moments[middle]?.step ?? 0) < step) low = middle + 1;
    else high = middle;
  }
  const end = moments[low];
  if (!end) return null;
  if (end.step === step) return low;
  const begin = moments[low - 1];
  return begin ? low - 1 + (step - begin.step) / (end.step - begin.step) : null;
}

/** Returns the top of the loss scale in nats, at or above every loss. */
export const highest = (losses: readonly StepLoss[]): number =>
  niceMax(losses.reduce((top, [, loss]) => Math.max(top, loss), 1));

/** Returns the loss curve as an SVG path. 0 is at the bottom of the box. */
export function lossPath(
  losses: readonly StepLoss[],
  moments: readonly Moment[],
  { width, height }: { readonly width: number; readonly height: number },
): string {
  const y = scaleLinear([0, highest(losses)], [height, 0]);
  const points = losses.flatMap(([step, loss]): [number, number][] => {
    const place = placeOf(step, moments);
    return place === null ? [] : [[shareOf(place, moments.length) * width, y(loss)]];
  });
  return line().digits(1)(points) ?? "";
}

/** Returns the snapshots that get a label: as many as fit, among them the first and the last. */
export function labelled(count: number, room: number): readonly number[] {
  const last = count - 1;
  const places = [...indexTicks(count, Math.max(1, room))];
  const between = (places[1] ?? 0) * 0.75;
  return last < 0 ? [] : [...places.filter((place) => last - place > between), last];
}
