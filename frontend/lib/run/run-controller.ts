import type { RunRequest } from "@/lib/contract";
import { failureOf } from "@/lib/transport/failure";
import type { openRun } from "@/lib/transport/run-stream";
import type { RunEvent, StartFrame, TokenFrame } from "./frames";
import type { RunStore } from "./run-store";

export interface RunController {
  /** Start a run; one still going on is stopped first. */
  run(request: RunRequest): Promise<void>;
  /** The same for a run that begins with what another one has received. */
  goOn(request: RunRequest): Promise<void>;
  stop(): void;
  /** Ask for the same once more, from the beginning. */
  retry(): Promise<void>;
  /** Go on from what was received. */
  resume(): Promise<void>;
  /** Show a run that was recorded, as if it were received now. */
  replay(events: AsyncIterable<RunEvent>, source: string): Promise<void>;
}

/** Joins a transport to a store: who may run when, and what becomes of what arrives. */
export function createRunController(store: RunStore, open: typeof openRun): RunController {
  let request: RunRequest | null = null;
  let kept: "nothing" | "received" = "nothing";
  let abort = new AbortController();

  const follow = (asked: RunRequest, keep: "nothing" | "received") =>
    receive(
      (signal) => open(asked, signal),
      () => store.begin(keep),
    );

  const receive = async (
    ask: (signal: AbortSignal) => AsyncIterable<RunEvent>,
    begin: () => void,
  ) => {
    abort.abort();
    const mine = new AbortController();
    abort = mine;
    begin();
    try {
      for await (const event of ask(mine.signal)) {
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
      kept = "nothing";
      return follow(asked, kept);
    },
    goOn(asked) {
      request = asked;
      kept = "received";
      return follow(asked, kept);
    },
    stop() {
      abort.abort();
      store.stop();
    },
    async retry() {
      const { start } = store.getState().run;
      const asked = request ?? (start && continuation(start, []));
      if (asked) await follow(asked, request ? kept : "nothing");
    },
    async resume() {
      const { start, frames } = store.getState().run;
      if (start) await follow(continuation(start, frames), "received");
    },
    replay(events, source) {
      request = null;
      return receive(
        () => events,
        () => store.begin("nothing", source),
      );
    },
  };
}

/**
 * The request that repeats what was received, token by token, and goes on from there; what it was
 * to be forced to and had not come to yet is forced still.
 */
export function continuation(start: StartFrame, frames: readonly TokenFrame[]): RunRequest {
  const received = frames.map(({ id }) => id);
  return repeated(start, [...received, ...forcedIds(start).slice(received.length)]);
}

/** The request of the same run, made to write these tokens first. */
export function repeated(start: StartFrame, forced_ids: readonly number[]): RunRequest {
  const given = Object.entries(start.settings).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(given), forced_ids: [...forced_ids] };
}

/** The ids that a run was told to write first. */
export const forcedIds = ({ settings }: StartFrame): readonly number[] =>
  (settings.forced_ids as readonly number[] | undefined) ?? [];
