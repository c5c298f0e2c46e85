import { shareOf } from "@/lib/timeline/axis";
import type { StepLoss } from "./look-reader";
import type { Moment } from "./training-store";

/**
 * The axis has one place a look: the first steps, when a model changes most, are looked at most
 * often and so get the most room. Between two looks steps are evenly spaced.
 *
 * @returns the place of a training step, 0 at the first look; null outside of all looks
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

/** The top of the loss's axis: no smaller than any loss, in nats. */
export function highest(losses: readonly StepLoss[]): number {
  const most = losses.reduce((top, [, loss]) => Math.max(top, loss), 0);
  return Math.max(1, Math.ceil(most * 2) / 2);
}

/** The loss curve as a path in a box of this size, 0 at its bottom. */
export function lossPath(
  losses: readonly StepLoss[],
  moments: readonly Moment[],
  { width, height }: { readonly width: number; readonly height: number },
): string {
  const top = highest(losses);
  const points = losses.flatMap(([step, loss]) => {
    const place = placeOf(step, moments);
    if (place === null) return [];
    const x = shareOf(place, moments.length) * width;
    return [`${x.toFixed(1)},${(height * (1 - loss / top)).toFixed(1)}`];
  });
  return points.length > 0 ? `M${points.join("L")}` : "";
}

/** The places that bear their step's number: as many as fit, the first and the last among them. */
export function labelled(count: number, room: number): readonly number[] {
  const every = Math.max(1, Math.ceil(count / Math.max(1, room)));
  const places = [];
  for (let place = 0; place < count; place += every) places.push(place);
  const last = places.at(-1);
  if (last !== undefined && last < count - 1) {
    if (count - 1 - last < every * 0.75) places.pop();
    places.push(count - 1);
  }
  return places;
}
