import { type WatchTurn, watchTurn } from "@/lib/transport/connections";
import { StreamBroken } from "@/lib/transport/failure";
import { type ServerEvent, serverMessages } from "@/lib/transport/server-events";

/** What happens on the way, besides lines. */
interface Told {
  onConnected(): void;
  onLost(): void;
}

/** Seconds between two attempts; the last one again and again. */
const PAUSES_S = [1, 2, 5, 10];

/**
 * The lines of the training that the server watches, those that are there and then each as it is
 * added, until the signal ends it. It watches while the page is shown, and takes turns with the
 * other tabs; it continues where it was when its turn ended or the connection broke. Throws
 * Refused where the server watches none.
 */
export async function* watchedLines(signal: AbortSignal, told: Told): AsyncGenerator<string, void> {
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
      for await (const event of opened(place, turn, told)) {
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
    told.onLost();
    await pause(PAUSES_S[Math.min(failed++, PAUSES_S.length - 1)] ?? 1, signal);
  }
}

async function* opened(place: string, turn: WatchTurn, told: Told): AsyncGenerator<ServerEvent> {
  const headers = place === "" ? {} : { "Last-Event-ID": place };
  const onOpen = () => {
    turn.received();
    told.onConnected();
  };
  yield* serverMessages("api/training", { headers, signal: turn.signal }, onOpen);
}

/** The server may be away, or too busy: both pass. */
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
