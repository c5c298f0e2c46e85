import type { Breakpoints, RunRequest } from "@/lib/contract";
import { failureOf } from "@/lib/transport/failure";
import type { openRun } from "@/lib/transport/run-stream";
import type { StartFrame, TokenFrame } from "./frames";
import { isBusy } from "./run-record";
import type { RunStore } from "./run-store";

export interface RunController {
  /** Start a run; one still going on is stopped first. */
  run(request: RunRequest): Promise<void>;
  stop(): void;
  /** Ask for the same once more, from the beginning. */
  retry(): Promise<void>;
  /** Go on from what was received, past the breakpoint that stopped it; with others if given. */
  resume(breakpoints?: Breakpoints): Promise<void>;
  /** Hold the run: the server computes no further token, and what was received stays. */
  pause(): void;
  /** Go on by a single token. */
  step(breakpoints?: Breakpoints): Promise<void>;
}

/** Joins a transport to a store: who may run when, and what becomes of what arrives. */
export function createRunController(store: RunStore, open: typeof openRun): RunController {
  let request: RunRequest | null = null;
  let abort = new AbortController();

  const follow = async (
    asked: RunRequest,
    keep: "nothing" | "received",
    orElse?: RunRequest,
  ): Promise<void> => {
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
      if (mine.signal.aborted) return;
      const failure = failureOf(error);
      if (failure.code === "resume_refused" && orElse) return follow(orElse, keep);
      store.fail(failure);
    }
  };

  /** Go on, to the end or until so many tokens stand. */
  const goOnTo = async (length: number | null, given?: Breakpoints) => {
    const { run } = store.getState();
    if (!run.start) return;
    const asked = { ...(given ?? run.start.settings.breakpoints), after: length };
    // What could not be searched in time cannot be when it is searched again.
    const pattern = run.failure?.code === "pattern_too_slow" ? { pattern: null } : {};
    const breakpoints = { ...asked, ...pattern } as RunRequest["breakpoints"];
    const again = { ...continuation(run.start, run.frames), breakpoints } as RunRequest;
    // The server's own token spares telling again what was received.
    const token = run.done?.resume;
    if (token) await follow({ resume: token, breakpoints } as RunRequest, "received", again);
    else await follow(again, "received");
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
    resume: (breakpoints) => goOnTo(null, breakpoints),
    pause() {
      abort.abort();
      store.pause();
    },
    async step(breakpoints) {
      const { run } = store.getState();
      if (!isBusy(run)) await goOnTo(run.frames.length + 1, breakpoints);
    },
  };
}

/** The request that repeats what was received, token by token, and goes on from there. */
export function continuation(start: StartFrame, frames: readonly TokenFrame[]): RunRequest {
  const given = Object.entries(start.settings).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(given), forced_ids: frames.map((frame) => frame.id) };
}
