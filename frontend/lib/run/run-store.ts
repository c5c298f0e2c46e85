import { createStore, type StoreApi } from "zustand/vanilla";
import type { Failure, RunEvent } from "@/lib/contract/frames";
import { leastCertain } from "./least-certain";
import { applyEvent, EMPTY_RUN, isBusy, type RunRecord } from "./run-record";

export interface RunState {
  readonly run: RunRecord;
  /** The index of the selected token; null follows the newest. */
  readonly selected: number | null;
}

export interface RunStore extends StoreApi<RunState> {
  /**
   * Starts a new run, or with "received" keeps the current one for its continuation. `source` is
   * the name of the file that a recorded run is read from; a recording that is continued is a run of
   * the server. `shown` is the token that stays selected; by default the newest is followed.
   */
  begin(keep: "nothing" | "received", source?: string, shown?: number | null): void;
  receive(event: RunEvent): void;
  fail(failure: Failure): void;
  /** Marks the run as stopped by the visitor; what was received stays. */
  stop(): void;
  /** Marks the run as paused, to be continued later. */
  pause(): void;
  select(step: number | null): void;
  /** Replaces the run; the selected index stays. */
  show(run: RunRecord): void;
}

export type Schedule = (callback: () => void) => void;

/**
 * Runs the callback in the next animation frame; in a hidden page, which has none, after a timeout.
 */
export const nextFrame: Schedule = (callback) => {
  if (document.hidden) setTimeout(callback, 100);
  else requestAnimationFrame(callback);
};

/**
 * Creates a store of one run. Events change the record at any rate; subscribers are notified at
 * most once per animation frame. A branch starts with the record `given`.
 *
 * @param rests whether a finished run selects the token of which the model was least certain, unless
 *   the visitor selected one or chose to follow the newest. A run that a breakpoint ended stays there.
 */
export function createRunStore(
  schedule: Schedule = nextFrame,
  given: RunRecord = EMPTY_RUN,
  rests = false,
): RunStore {
  const store = createStore<RunState>(() => ({ run: given, selected: null }));
  let latest: RunRecord = given;
  let scheduled = false;
  let isChosen = false;

  const publish = () => {
    scheduled = false;
    if (store.getState().run !== latest) store.setState({ run: latest });
  };
  const publishSoon = () => {
    if (scheduled) return;
    scheduled = true;
    schedule(publish);
  };

  return {
    ...store,
    begin(keep, source, shown = null) {
      latest =
        keep === "received"
          ? { ...latest, phase: "connecting", failure: null, done: null, source: null }
          : { ...EMPTY_RUN, phase: "connecting", frames: [], source: source ?? null };
      publish();
      isChosen = shown !== null;
      store.setState({ selected: shown });
    },
    receive(event) {
      latest = applyEvent(latest, event);
      if (rests && !isChosen && isFinished(latest)) {
        store.setState({ run: latest, selected: leastCertain(latest) });
      } else publishSoon();
    },
    fail(failure) {
      latest = { ...latest, phase: "failed", failure };
      publishSoon();
    },
    stop() {
      if (!isBusy(latest) && latest.phase !== "paused") return;
      latest = { ...latest, phase: "stopped" };
      publish();
    },
    pause() {
      if (!isBusy(latest)) return;
      latest = { ...latest, phase: latest.frames.length > 0 ? "paused" : "stopped" };
      publish();
    },
    show(run) {
      latest = run;
      publish();
    },
    select(step) {
      isChosen = true;
      const last = latest.frames.length - 1;
      store.setState({ selected: step === null ? null : Math.max(0, Math.min(step, last)) });
    },
  };
}

const isFinished = ({ phase, done }: RunRecord): boolean =>
  phase === "done" && done?.reason !== "breakpoint";

/**
 * Returns the step that all panels show: the selected one, or the newest; -1 before the first
 * token.
 */
export function currentStep({ run, selected }: RunState): number {
  return Math.min(selected ?? Number.POSITIVE_INFINITY, run.frames.length - 1);
}
