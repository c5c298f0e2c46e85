import type { Failure } from "@/lib/contract/frames";
import { failureOf } from "./failure";

/** Receives one stream at a time. A new stream, or `stop`, ends the previous one. */
export interface Receiver {
  /**
   * Calls `take` with each event. Resolves with the failure of the stream, or with null if it ended
   * or was stopped. No event of a stopped stream is passed on.
   */
  receive<E>(
    open: (signal: AbortSignal) => AsyncIterable<E>,
    take: (event: E) => void,
  ): Promise<Failure | null>;
  stop(): void;
}

export function createReceiver(): Receiver {
  let abort = new AbortController();
  return {
    async receive(open, take) {
      abort.abort();
      const mine = new AbortController();
      abort = mine;
      try {
        for await (const event of open(mine.signal)) {
          if (mine.signal.aborted) return null;
          take(event);
        }
        return null;
      } catch (error) {
        return mine.signal.aborted ? null : failureOf(error);
      }
    },
    stop: () => abort.abort(),
  };
}
