import { createStore, type StoreApi } from "zustand/vanilla";
import type { Failure, RunEvent } from "./frames";
import { applyEvent, EMPTY_RUN, isBusy, type RunRecord } from "./run-record";

export interface RunState {
  readonly run: RunRecord;
  /** The token that the visitor looks at; null follows the newest. */
  readonly selected: number | null;
}

export interface RunStore extends StoreApi<RunState> {
  /**
   * Forget the last run and wait for a new one, or keep it and wait for its continuation; `source`
   * is the file that a recorded one comes from.
   */
  begin(keep: "nothing" | "received", source?: string): void;
  receive(event: RunEvent): void;
  fail(failure: Failure): void;
  /** The visitor stopped it: what was received stays. */
  stop(): void;
  /** The visitor holds it, to go on later. */
  pause(): void;
  select(step: number | null): void;
  /** Put another run in the place of this one; the token that is looked at stays the same. */
  show(run: RunRecord): void;
}

export type Schedule = (callback: () => void) => void;

/** One frame of the screen, or a tick where a hidden page paints none. */
export const nextFrame: Schedule = (callback) => {
  if (document.hidden) setTimeout(callback, 100);
  else requestAnimationFrame(callback);
};

/**
 * Events change a record outside React at any speed; what subscribers see changes at most once
 * a frame of the screen. A branch begins with a record that is `given`.
 */
export function createRunStore(
  schedule: Schedule = nextFrame,
  given: RunRecord = EMPTY_RUN,
): RunStore {
  const store = createStore<RunState>(() => ({ run: given, selected: null }));
  let latest: RunRecord = given;
  let scheduled = false;

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
    begin(keep, source) {
      latest =
        keep === "received"
          ? { ...latest, phase: "connecting", failure: null, done: null }
          : { ...EMPTY_RUN, phase: "connecting", frames: [], source: source ?? null };
      publish();
      store.setState({ selected: null });
    },
    receive(event) {
      latest = applyEvent(latest, event);
      publishSoon();
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
      const last = latest.frames.length - 1;
      store.setState({ selected: step === null ? null : Math.max(0, Math.min(step, last)) });
    },
  };
}

/** The step that all panels show: the selected one, or the newest; -1 before the first token. */
export function currentStep({ run, selected }: RunState): number {
  return Math.min(selected ?? Number.POSITIVE_INFINITY, run.frames.length - 1);
}
