import type { Breakpoints, RunRequest } from "@/lib/contract";
import { failureOf } from "@/lib/transport/failure";
import type { openRun } from "@/lib/transport/run-stream";
import type { RunEvent, StartFrame, TokenFrame } from "./frames";
import { isAtLimit, isBusy } from "./run-record";
import type { RunStore } from "./run-store";

export interface RunController {
  /** Start a run; one still going on is stopped first. */
  run(request: RunRequest): Promise<void>;
  /** The same for a run that begins with what another one has received. */
  goOn(request: RunRequest): Promise<void>;
  stop(): void;
  /** Ask for the same once more, from the beginning. */
  retry(): Promise<void>;
  /**
   * Go on from what was received, past the breakpoint that stopped it; with others if given. From
   * its limit a run goes on for as many tokens as it was first asked for.
   */
  resume(breakpoints?: Breakpoints): Promise<void>;
  /** Hold the run: the server computes no further token, and what was received stays. */
  pause(): void;
  /** Go on by a single token. */
  step(breakpoints?: Breakpoints): Promise<void>;
  /** Show a run that was recorded, as if it were received now. */
  replay(events: AsyncIterable<RunEvent>, source: string): Promise<void>;
}

/** Joins a transport to a store: who may run when, and what becomes of what arrives. */
export function createRunController(store: RunStore, open: typeof openRun): RunController {
  let request: RunRequest | null = null;
  let kept: "nothing" | "received" = "nothing";
  /** How many tokens the run was asked for before it was continued past that. */
  let portion: number | null = null;
  let abort = new AbortController();

  const follow = (
    asked: RunRequest,
    keep: "nothing" | "received",
    orElse?: RunRequest,
  ): Promise<void> =>
    receive(
      (signal) => open(asked, signal),
      () => store.begin(keep),
      orElse && (() => follow(orElse, keep)),
    );

  const receive = async (
    ask: (signal: AbortSignal) => AsyncIterable<RunEvent>,
    begin: () => void,
    ifRefused?: () => Promise<void>,
  ): Promise<void> => {
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
      if (mine.signal.aborted) return;
      const failure = failureOf(error);
      if (failure.code === "resume_refused" && ifRefused) return ifRefused();
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
    const rest = { resume: token, breakpoints } as RunRequest;
    if (isAtLimit(run)) {
      portion ??= run.start.settings.max_new_tokens;
      rest.max_new_tokens = portion;
      again.max_new_tokens = run.frames.length + portion;
    }
    if (token) await follow(rest, "received", again);
    else await follow(again, "received");
  };

  return {
    run(asked) {
      request = asked;
      kept = "nothing";
      portion = null;
      return follow(asked, kept);
    },
    goOn(asked) {
      request = asked;
      kept = "received";
      portion = null;
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
    resume: (breakpoints) => goOnTo(null, breakpoints),
    pause() {
      abort.abort();
      store.pause();
    },
    async step(breakpoints) {
      const { run } = store.getState();
      if (!isBusy(run)) await goOnTo(run.frames.length + 1, breakpoints);
    },
    replay(events, source) {
      request = null;
      portion = null;
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
