import type { Browser, Page } from "@playwright/test";

/** The duration of a frame at 60 Hz, in milliseconds. */
export const FRAME = 1000 / 60;

export interface FrameTimes {
  /** The times between painted frames, in milliseconds. */
  readonly deltas: readonly number[];
  /** The time of the main thread per frame by the wall clock, in milliseconds. */
  readonly wall: readonly number[];
  /** The CPU time of the main thread per frame, which other processes do not affect. */
  readonly cpu: readonly number[];
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

const TASK = "ThreadControllerImpl::RunTask";
const FRAME_TASK = "FireAnimationFrame";

/**
 * Measures the page's main thread while `act` runs: all its tasks (input, scripts, React, style,
 * layout, paint, garbage collection) from one animation frame to the next, taken from a trace of
 * Chromium.
 */
export async function frameTimes(
  browser: Browser,
  page: Page,
  act: () => Promise<void>,
): Promise<FrameTimes> {
  await page.evaluate(recordFrames);
  await browser.startTracing(page, {
    categories: ["toplevel", "devtools.timeline"],
  });
  await act();
  const trace = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[];
  };
  const stamps = await page.evaluate(
    () => (window as unknown as { frames: { stamps: number[]; on: boolean } }).frames.stamps,
  );
  await page.evaluate(() => {
    (window as unknown as { frames: { on: boolean } }).frames.on = false;
  });
  const deltas = stamps.slice(1).map((stamp, i) => stamp - (stamps[i] ?? stamp));
  return { deltas, ...workOf(trace.traceEvents) };
}

/** Records the time of each animation frame. Requests every frame, as a busy page would. */
function recordFrames(): void {
  const frames = { stamps: [] as number[], on: true };
  Object.assign(window, { frames });
  const next = (now: number) => {
    if (!frames.on) return;
    frames.stamps.push(now);
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}

/** Sums the tasks per frame of the thread that fires the most animation frames. */
function workOf(events: readonly TraceEvent[]): Pick<FrameTimes, "wall" | "cpu"> {
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid}/${tid}`;
  const fired = events.filter(({ name }) => name === FRAME_TASK);
  const counts = new Map<string, number>();
  for (const event of fired) counts.set(threadOf(event), (counts.get(threadOf(event)) ?? 0) + 1);
  const main = [...counts].sort((one, other) => other[1] - one[1])[0]?.[0];
  const tasks = events
    .filter((event) => event.name === TASK && event.ph === "X" && threadOf(event) === main)
    .sort((one, other) => one.ts - other.ts);
  const begins = fired.filter((event) => threadOf(event) === main).map(({ ts }) => ts);
  begins.sort((one, other) => one - other);
  const wall: number[] = [];
  const cpu: number[] = [];
  let frame = -1;
  for (const { ts, dur = 0, tdur } of tasks) {
    const ends = ts + dur;
    // A task that fires the first callback of a frame belongs to that frame.
    let begun = frame;
    while ((begins[begun + 1] ?? Number.POSITIVE_INFINITY) < ends) begun++;
    if (begun < 0) continue;
    frame = begun;
    wall[frame] = (wall[frame] ?? 0) + dur / 1000;
    cpu[frame] = (cpu[frame] ?? 0) + (tdur ?? dur) / 1000;
  }
  return { wall: [...wall].filter(Number.isFinite), cpu: [...cpu].filter(Number.isFinite) };
}

/** Returns the fraction of values above a limit. */
export const shareOver = (values: readonly number[], limit: number): number =>
  values.filter((value) => value > limit).length / Math.max(1, values.length);

/** Formats median, 95th percentile and maximum of a list. */
export function summary(values: readonly number[]): string {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const shown = [at(0.5), at(0.95), sorted.at(-1)].map((value) => (value ?? 0).toFixed(1));
  return `median ${shown[0]} ms, 95 % under ${shown[1]} ms, longest ${shown[2]} ms`;
}
