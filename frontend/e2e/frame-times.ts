import type { Browser, Page } from "@playwright/test";

/** One frame of a screen of 60 Hz, in milliseconds. */
export const FRAME = 1000 / 60;

export interface FrameTimes {
  /** Between the frames that the page painted. */
  readonly deltas: readonly number[];
  /** Main-thread work of each frame as the clock on the wall saw it, ... */
  readonly wall: readonly number[];
  /** ... and the processor's own time of it, which other programs of the machine do not lengthen. */
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
 * What the page's main thread does while `act` goes on: all its tasks (input, scripts, React,
 * style, layout, paint, collecting garbage) from one animation frame to the next, as Chromium's
 * own trace has them.
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

/** Keeps the time of each animation frame; asks for every frame, as a busy page would. */
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

/** The tasks of the thread that fires most animation frames, frame by frame. */
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
    // The task that fires the first callback of a frame begins it.
    let begun = frame;
    while ((begins[begun + 1] ?? Number.POSITIVE_INFINITY) < ends) begun++;
    if (begun < 0) continue;
    frame = begun;
    wall[frame] = (wall[frame] ?? 0) + dur / 1000;
    cpu[frame] = (cpu[frame] ?? 0) + (tdur ?? dur) / 1000;
  }
  return { wall: [...wall].filter(Number.isFinite), cpu: [...cpu].filter(Number.isFinite) };
}

/** The share of values above a limit. */
export const shareOver = (values: readonly number[], limit: number): number =>
  values.filter((value) => value > limit).length / Math.max(1, values.length);

/** Median, 95th percentile and largest of a list, for a person. */
export function summary(values: readonly number[]): string {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const shown = [at(0.5), at(0.95), sorted.at(-1)].map((value) => (value ?? 0).toFixed(1));
  return `median ${shown[0]} ms, 95 % under ${shown[1]} ms, longest ${shown[2]} ms`;
}
