import type { StoreApi } from "zustand/vanilla";
import { createReceiver } from "@/lib/client/receiver";
import type { openRun } from "@/lib/client/run-stream";
import type { Breakpoints, RunRequest } from "@/lib/contract";
import type { RunEvent } from "@/lib/contract/frames";
import type { Pace } from "@/lib/pace/pace";
import { paced } from "@/lib/pace/paced";
import { continuation, forcing } from "./continuation";
import { isAtLimit, isBusy } from "./run-record";
import type { RunStore } from "./run-store";
import { openWholeRun } from "./whole-run";

export interface RunController {
  /** Starts a run. An unfinished one is stopped first. */
  run(request: RunRequest): Promise<void>;
  /**
   * Starts a run that keeps the tokens already in the store, such as a branch. The token `shown`
   * stays selected.
   */
  goOn(request: RunRequest, shown?: number | null): Promise<void>;
  stop(): void;
  /** Repeats the last request from the beginning. */
  retry(): Promise<void>;
  /**
   * Continues after the received tokens, past the breakpoint that stopped the run; with other
   * breakpoints if given. A run that reached its limit continues for as many tokens as it first
   * requested.
   */
  resume(breakpoints?: Breakpoints): Promise<void>;
  /** Pauses the run: the server generates no further token, and what was received stays. */
  pause(): void;
  /** Continues by a single token. */
  step(breakpoints?: Breakpoints): Promise<void>;
  /** Shows a recorded run as if it were received now; at once with `pace` null. */
  replay(
    events: AsyncIterable<RunEvent>,
    source: string,
    pace?: StoreApi<Pace> | null,
  ): Promise<void>;
}

/**
 * Connects a store to the server: at most one request at a time writes to it.
 *
 * @param pace how fast new tokens are shown; null shows them as they arrive
 */
export function createRunController(
  store: RunStore,
  open: typeof openRun,
  pace: StoreApi<Pace> | null = null,
): RunController {
  let lastRequest: RunRequest | null = null;
  let keepOnRetry: "nothing" | "received" = "nothing";
  /** The number of tokens first requested, before the run was continued beyond it. */
  let portion: number | null = null;
  const receiver = createReceiver();
  /** A continued run or a fork may repeat tokens that are shown already. */
  const isNewToken = (event: RunEvent): boolean =>
    event.type === "token" && event.frame.index >= store.getState().run.frames.length;

  const follow = (
    request: RunRequest,
    keep: "nothing" | "received",
    { ifRefused, shown }: { ifRefused?: RunRequest; shown?: number | null } = {},
  ): Promise<void> => {
    const { frames, done } = store.getState().run;
    const received =
      keep === "received" ? { ids: frames.map(({ id }) => id), done } : { ids: [], done: null };
    return receive(
      (signal) => openWholeRun(open, request, received, signal, ifRefused),
      () => store.begin(keep, undefined, shown),
    );
  };

  const receive = async (
    openEvents: (signal: AbortSignal) => AsyncIterable<RunEvent>,
    begin: () => void,
    presented = pace,
  ): Promise<void> => {
    receiver.stop();
    begin();
    const openPaced = (signal: AbortSignal) =>
      presented ? paced(openEvents(signal), isNewToken, presented, signal) : openEvents(signal);
    const failure = await receiver.receive(openPaced, store.receive);
    if (failure) store.fail(failure);
  };

  /** Continues the run to its end, or until it has `length` tokens. */
  const goOnTo = async (length: number | null, given?: Breakpoints) => {
    const { run } = store.getState();
    if (!run.start) return;
    const conditions = { ...(given ?? run.start.settings.breakpoints), after: length };
    // A pattern that was too slow to search would be too slow again.
    const pattern = run.failure?.code === "pattern_too_slow" ? { pattern: null } : {};
    const breakpoints = { ...conditions, ...pattern } as RunRequest["breakpoints"];
    const received = run.frames.map((frame) => forcing(run.start, frame));
    const again = { ...continuation(run.start, received), breakpoints } as RunRequest;
    // With the server's resume token, the received ids need not be sent and computed again.
    const token = run.done?.resume;
    const rest = { resume: token, breakpoints } as RunRequest;
    if (isAtLimit(run)) {
      portion ??= run.start.settings.max_new_tokens;
      rest.max_new_tokens = portion;
      again.max_new_tokens = run.frames.length + portion;
    }
    if (token) await follow(rest, "received", { ifRefused: again });
    else await follow(again, "received");
  };

  return {
    run(request) {
      lastRequest = request;
      keepOnRetry = "nothing";
      portion = null;
      return follow(request, keepOnRetry);
    },
    goOn(request, shown = null) {
      lastRequest = request;
      keepOnRetry = "received";
      portion = null;
      return follow(request, keepOnRetry, { shown });
    },
    stop() {
      receiver.stop();
      store.stop();
    },
    async retry() {
      const { run, selected } = store.getState();
      const request = lastRequest ?? (run.start && continuation(run.start, []));
      const keep = lastRequest ? keepOnRetry : "nothing";
      if (request) await follow(request, keep, keep === "received" ? { shown: selected } : {});
    },
    resume: (breakpoints) => goOnTo(null, breakpoints),
    pause() {
      receiver.stop();
      store.pause();
    },
    async step(breakpoints) {
      const { run } = store.getState();
      if (!isBusy(run)) await goOnTo(run.frames.length + 1, breakpoints);
    },
    replay(events, source, presented) {
      lastRequest = null;
      portion = null;
      return receive(
        () => events,
        () => store.begin("nothing", source),
        presented,
      );
    },
  };
}
