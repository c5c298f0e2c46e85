import type { RunRequest } from "@/lib/contract";
import { failureOf } from "@/lib/transport/failure";
import type { openRun } from "@/lib/transport/run-stream";
import type { StartFrame, TokenFrame } from "./frames";
import type { RunStore } from "./run-store";

export interface RunController {
  /** Start a run; one still going on is stopped first. */
  run(request: RunRequest): Promise<void>;
  stop(): void;
  /** Ask for the same once more, from the beginning. */
  retry(): Promise<void>;
  /** Go on from what was received. */
  resume(): Promise<void>;
}

/** Joins a transport to a store: who may run when, and what becomes of what arrives. */
export function createRunController(store: RunStore, open: typeof openRun): RunController {
  let request: RunRequest | null = null;
  let abort = new AbortController();

  const follow = async (asked: RunRequest, keep: "nothing" | "received") => {
    abort.abort();
    const mine = new AbortController();
    abort = mine;
    store.begin(keep);
    try {
      for await (const event of open(asked, mine.signal)) {
        if (mine.signal.aborted) return;
        store.receive(event);
      }
    } catch (error) {
      if (!mine.signal.aborted) store.fail(failureOf(error));
    }
  };

  return {
    run(asked) {
      request = asked;
      return follow(asked, "nothing");
    },
    stop() {
      abort.abort();
      store.stop();
    },
    async retry() {
      if (request) await follow(request, "nothing");
    },
    async resume() {
      const { start, frames } = store.getState().run;
      if (start) await follow(continuation(start, frames), "received");
    },
  };
}

/** The request that repeats what was received, token by token, and goes on from there. */
export function continuation(start: StartFrame, frames: readonly TokenFrame[]): RunRequest {
  const given = Object.entries(start.settings).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(given), forced_ids: frames.map((frame) => frame.id) };
}
