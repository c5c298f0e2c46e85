import type { StoreApi } from "zustand/vanilla";
import type { Pace } from "./pace";

/**
 * Yields events as they arrive, but those that `isPaced` selects at most at the chosen speed. A slow
 * source is not slowed down further. The source is read ahead, so that it does not wait; what it
 * throws is thrown after the events before it. A change of the pace applies at once.
 */
export async function* paced<E>(
  events: AsyncIterable<E>,
  isPaced: (event: E) => boolean,
  pace: StoreApi<Pace>,
  signal: AbortSignal,
): AsyncGenerator<E, void> {
  const waiting: E[] = [];
  let ended = false;
  let failure: { readonly error: unknown } | null = null;
  let wake = () => {};
  const read = async () => {
    try {
      for await (const event of events) {
        waiting.push(event);
        wake();
      }
    } catch (error) {
      failure = { error };
    }
    ended = true;
    wake();
  };
  void read();
  /** When the last token was due. */
  let due = Number.NEGATIVE_INFINITY;
  for (;;) {
    const event = waiting.shift();
    if (event !== undefined) {
      if (isPaced(event)) {
        const next = await untilDue(due, pace, signal);
        // A token that comes a little late does not delay the following ones.
        const now = performance.now();
        due = now - next > LATE_MS ? now : next;
      }
      yield event;
    } else if (ended) {
      if (failure) throw (failure as { readonly error: unknown }).error;
      return;
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}

/** A token that is later than this was not ready: the next one is due a whole interval after it. */
const LATE_MS = 200;

/** Waits until the token after one that was due at this time is due, and returns when that is. */
function untilDue(before: number, pace: StoreApi<Pace>, signal: AbortSignal): Promise<number> {
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (due: number) => {
      clearTimeout(timer);
      unsubscribe();
      signal.removeEventListener("abort", wait);
      resolve(due);
    };
    const wait = () => {
      clearTimeout(timer);
      const { speed, full } = pace.getState();
      const now = performance.now();
      const due = full || signal.aborted ? now : before + 1000 / speed;
      if (due > now) timer = setTimeout(end, due - now, due);
      else end(due);
    };
    const unsubscribe = pace.subscribe(wait);
    signal.addEventListener("abort", wait);
    wait();
  });
}
