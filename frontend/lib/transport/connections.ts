/**
 * Browsers open six connections to a host that speaks HTTP/1.1, and all their tabs share them. A
 * stream holds one for as long as it lasts, so with six streams nothing else is answered: no page
 * loads and no run starts. Streams therefore take one of five places first, by the browser's locks,
 * which its tabs share as well. One connection stays free for everything that is short.
 */

/** Runs that are streamed at the same time; more wait until one ends. */
export const MAX_RUNS = 3;
const RUN_PLACES = Array.from({ length: MAX_RUNS }, (_, n) => `mav-run-${n}`);
/** The places of all that watch a training; where more do, they take turns. */
const WATCH_PLACES = ["mav-watch-0", "mav-watch-1"];
/** After so long without news, a turn ends where others wait. */
const QUIET_MS = 250;
/** A turn is over after so many such times, whatever arrives, where others wait. */
const MOST_QUIETS = 8;

/**
 * Wait for a place for the stream of a run; the function that it gives leaves the place. Throws
 * what the signal is aborted with.
 */
export const runPlace = (signal: AbortSignal): Promise<() => void> => place(RUN_PLACES, signal);

/** A turn at watching. */
export interface WatchTurn {
  /** Aborted when the turn is over: the page was hidden, or others wait. */
  readonly signal: AbortSignal;
  /** Something has arrived. */
  received(): void;
  /** Leave the place to the next one. */
  end(): void;
}

/** Wait until the page is shown and it is its turn to watch; throws as above. */
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

/** Wait for the first of these places that is free. */
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
      // A second one may be given before it is known that none is needed any more.
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

/** The browser's locks; a page without HTTPS has none, and shares its places with itself only. */
const locks = (): Locks => globalThis.navigator?.locks ?? pageLocks;

const held = new Map<string, Promise<void>>();
const pageLocks: Locks = {
  request(name, { signal }, hold) {
    const before = held.get(name) ?? Promise.resolve();
    const mine = before.then(() => (signal.aborted ? undefined : hold()));
    held.set(name, mine);
    return mine;
  },
};

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
