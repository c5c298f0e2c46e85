import { type WatchTurn, watchTurn } from "@/lib/client/connections";
import { StreamBroken } from "@/lib/client/failure";
import { type ServerEvent, serverMessages } from "@/lib/client/sse";

/** Called when the connection changes. */
interface Callbacks {
  onConnected(): void;
  onLost(): void;
}

/** Seconds between attempts to reconnect. The last value repeats. */
const PAUSES_S = [1, 2, 5, 10];

/**
 * Yields the lines of the training that is running on the server: first the existing ones, then new
 * ones, until the signal is aborted. It is connected only while the page is visible, and takes
 * turns with other tabs. After a turn or a lost connection it continues where it stopped. Throws
 * Refused if the server has no training.
 */
export async function* watchedLines(
  signal: AbortSignal,
  callbacks: Callbacks,
): AsyncGenerator<string, void> {
  let place = "";
  let failed = 0;
  while (!signal.aborted) {
    let turn: WatchTurn;
    try {
      turn = await watchTurn(signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    try {
      for await (const event of opened(place, turn, callbacks)) {
        failed = 0;
        place = event.id ?? place;
        turn.received();
        yield event.data;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!turn.signal.aborted && !isPassing(error)) throw error;
    } finally {
      turn.end();
    }
    if (turn.signal.aborted) continue;
    callbacks.onLost();
    await pause(PAUSES_S[Math.min(failed++, PAUSES_S.length - 1)] ?? 1, signal);
  }
}

async function* opened(
  place: string,
  turn: WatchTurn,
  callbacks: Callbacks,
): AsyncGenerator<ServerEvent> {
  const headers = place === "" ? {} : { "Last-Event-ID": place };
  const onOpen = () => {
    turn.received();
    callbacks.onConnected();
  };
  yield* serverMessages("api/training", { headers, signal: turn.signal }, onOpen);
}

/** Whether the server is temporarily unreachable or busy, so that a retry makes sense. */
const isPassing = (error: unknown): boolean =>
  error instanceof StreamBroken ||
  error instanceof TypeError ||
  (error as { failure?: { retryAfterS?: number } }).failure?.retryAfterS !== undefined;

const pause = (seconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
