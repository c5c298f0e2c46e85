/**
 * Browsers open at most six HTTP/1.1 connections to a host, shared by all tabs. A stream occupies
 * one until it ends, so six streams would block all other requests: no page would load and no run
 * would start. Each stream therefore first acquires one of five Web Locks, which are also shared by
 * all tabs. The sixth connection stays free for short requests.
 */

/** The number of runs that may stream at the same time, over all tabs. Further runs wait. */
export const MAX_RUNS = 3;
const RUN_PLACES = Array.from({ length: MAX_RUNS }, (_, n) => `mav-run-${n}`);
/** The locks for streams of a training. If more tabs watch one, they take turns. */
const WATCH_PLACES = ["mav-watch-0", "mav-watch-1"];
/** If other tabs wait, a turn ends after this time without an event. */
const QUIET_MS = 250;
/** If other tabs wait, a turn ends after this many intervals of QUIET_MS even if events arrive. */
const MOST_QUIETS = 8;

/**
 * Waits for a lock for the stream of a run. Returns a function that releases it. Throws the
 * signal's abort reason.
 */
export const runPlace = (signal: AbortSignal): Promise<() => void> => place(RUN_PLACES, signal);

/** A tab's turn to stream a training. */
export interface WatchTurn {
  /** Aborted when the turn is over: the page was hidden, or other tabs wait. */
  readonly signal: AbortSignal;
  /** Reports that an event has arrived. */
  received(): void;
  /** Releases the lock. */
  end(): void;
}

/** Waits until the page is visible and a lock is free. Throws the signal's abort reason. */
export async function watchTurn(signal: AbortSignal): Promise<WatchTurn> {
  await shown(signal);
  const leave = await place(WATCH_PLACES, signal);
  const over = new AbortController();
  const stop = () => over.abort();
  const stopIfHidden = () => document.hidden && stop();
  signal.addEventListener("abort", stop);
  document.addEventListener("visibilitychange", stopIfHidden);
  if (signal.aborted || document.hidden) stop();
  let arrived = false;
  let isQuiet = false;
  let quiets = 0;
  const timer = setInterval(async () => {
    quiets++;
    const mayEnd = isQuiet || quiets >= MOST_QUIETS;
    isQuiet = arrived;
    if (mayEnd && (await othersWait(WATCH_PLACES))) stop();
  }, QUIET_MS);
  return {
    signal: over.signal,
    received() {
      arrived = true;
      isQuiet = false;
    },
    end() {
      clearInterval(timer);
      signal.removeEventListener("abort", stop);
      document.removeEventListener("visibilitychange", stopIfHidden);
      leave();
    },
  };
}

/** Acquires whichever of these locks is free first. Returns a function that releases it. */
function place(names: readonly string[], signal: AbortSignal): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const others = new AbortController();
    const give = () => {
      others.abort();
      reject(signal.reason);
    };
    if (signal.aborted) return give();
    signal.addEventListener("abort", give, { once: true });
    const hold = () => {
      // Two locks may be granted before the request for the second is aborted.
      if (others.signal.aborted) return Promise.resolve();
      others.abort();
      signal.removeEventListener("abort", give);
      return new Promise<void>((leave) => resolve(leave));
    };
    for (const name of names) {
      locks()
        .request(name, { signal: others.signal }, hold)
        .catch((error: unknown) => {
          if (!others.signal.aborted) reject(error);
        });
    }
  });
}

type Locks = {
  request(
    name: string,
    options: { readonly signal: AbortSignal },
    hold: () => Promise<void>,
  ): Promise<void>;
};

/**
 * The Web Locks API. It is missing on insecure origins, where the limit holds only within this
 * page.
 */
const locks = (): Locks => globalThis.navigator?.locks ?? pageLocks;

class PageLocks implements Locks {
  readonly #held = new Map<string, Promise<void>>();

  request(
    name: string,
    { signal }: { readonly signal: AbortSignal },
    hold: () => Promise<void>,
  ): Promise<void> {
    const before = this.#held.get(name) ?? Promise.resolve();
    const mine = before.then(() => (signal.aborted ? undefined : hold()));
    this.#held.set(name, mine);
    return mine;
  }
}

const pageLocks = new PageLocks();

async function othersWait(names: readonly string[]): Promise<boolean> {
  const { pending = [] } = (await globalThis.navigator?.locks?.query()) ?? {};
  return pending.some(({ name = "" }) => names.includes(name));
}

function shown(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const check = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", check);
      signal.removeEventListener("abort", check);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    document.addEventListener("visibilitychange", check);
    signal.addEventListener("abort", check);
    check();
  });
}
