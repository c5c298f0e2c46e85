import { createStore, type StoreApi } from "zustand/vanilla";
import type { Failure } from "@/lib/contract/frames";
import { NORM_SERIES, type RunRecord } from "@/lib/run/run-record";
import type { RunStore } from "@/lib/run/run-store";
import type { Snapshot, StepLoss } from "./snapshot-reader";

/**
 * Maximum number of tokens with measurements in memory. Beyond it, every second snapshot is
 * dropped.
 */
export const MAX_TOKENS = 16_384;
/** Maximum number of losses. Beyond it, every second loss is dropped. */
export const MAX_LOSSES = 16_384;

/** The snapshots of all prompts after the same number of training steps. */
export interface Moment {
  readonly step: number;
  readonly loss: number | null;
  readonly elapsedS: number;
  /** By index of the prompt. The last recorded one may lack prompts. */
  readonly looks: readonly (Snapshot | undefined)[];
}

/**
 * State of the recording: a file that is being read or was read; or a stream that has not begun, is
 * being received, or was interrupted.
 */
export type Following = "reading" | "read" | "waiting" | "watching" | "lost";

export interface TrainingState {
  readonly following: Following;
  /** Sorted by training step. */
  readonly moments: readonly Moment[];
  readonly losses: readonly StepLoss[];
  /** The prompts that the model continues. */
  readonly prompts: readonly string[];
  /** Index of the shown prompt. */
  readonly prompt: number;
  /** Index of the shown moment. Null shows the newest. */
  readonly chosen: number | null;
  /** The error that ended the recording. */
  readonly failure: Failure | null;
  /** Step at which the training was resumed from a checkpoint, or null. */
  readonly again: number | null;
  /** Number of moments that were dropped to save memory. */
  readonly thinned: number;
}

/** A training with its snapshots, one of which is shown in the panels of a run. */
export interface Training extends StoreApi<TrainingState> {
  /** Whether it is the training that comes with the site. */
  readonly example: boolean;
  readonly live: boolean;
  readonly source: string;
  receive(look: Snapshot): void;
  follow(following: Following): void;
  fail(failure: Failure): void;
  /** Shows the moment at this index. Null follows the newest. */
  choose(place: number | null): void;
  choosePrompt(prompt: number): void;
}

interface Given {
  readonly source: string;
  readonly live?: boolean;
  readonly example?: boolean;
}

/** Returns the index of the shown moment, or -1 if there is none. */
export function shownPlace({ chosen, moments }: TrainingState): number {
  return Math.min(chosen ?? Number.POSITIVE_INFINITY, moments.length - 1);
}

/** Returns the shown snapshot. */
export function shownSnapshot(state: TrainingState): Snapshot | undefined {
  return state.moments[shownPlace(state)]?.looks[state.prompt];
}

export function createTraining(
  shown: RunStore,
  { source, live = false, example = false }: Given,
): Training {
  const store = createStore<TrainingState>(() => ({
    following: live ? "waiting" : "reading",
    moments: [],
    losses: [],
    prompts: [],
    prompt: 0,
    chosen: live ? null : 0,
    failure: null,
    again: null,
    thinned: 0,
  }));
  let domains: RunRecord["domains"] = {};
  const show = () => {
    const look = shownSnapshot(store.getState());
    // All snapshots use the same scales, so that they can be compared.
    if (look) shown.show({ ...look.run, domains });
  };
  const change = (next: Partial<TrainingState>) => {
    store.setState(next);
    show();
  };
  return {
    ...store,
    example,
    live,
    source,
    receive(look) {
      domains = widest(domains, look.run.domains);
      change(withSnapshot(store.getState(), look));
    },
    follow(following) {
      store.setState({ following });
    },
    fail(failure) {
      store.setState({ failure, following: "read" });
    },
    choose(place) {
      const last = store.getState().moments.length - 1;
      change({ chosen: place === null ? null : Math.max(0, Math.min(place, last)) });
    },
    choosePrompt: (prompt) => change({ prompt }),
  };
}

/** Returns the state with one more snapshot. */
export function withSnapshot(state: TrainingState, look: Snapshot): TrainingState {
  const cut = takenUpAgain(state, look);
  const { moments, losses } = cut;
  const last = moments.at(-1);
  const same = last?.step === look.step ? last : null;
  const looks = same ? same.looks.slice() : [];
  looks[look.prompt] = look;
  const moment = {
    step: look.step,
    loss: look.loss ?? same?.loss ?? null,
    elapsedS: look.elapsedS,
    looks,
  };
  const reported =
    look.losses.length > 0 || look.loss === null ? look.losses : [[look.step, look.loss] as const];
  const known = losses.at(-1)?.[0] ?? -1;
  const prompts = cut.prompts.slice();
  prompts[look.prompt] = String(look.run.start?.settings.prompt ?? "");
  return thinned({
    ...cut,
    moments: [...(same ? moments.slice(0, -1) : moments), moment],
    losses: [...losses, ...reported.filter(([step]) => step > known)],
    prompts: Array.from(prompts, (prompt) => prompt ?? ""),
  });
}

/** If the training was resumed from an earlier step, removes what came after that step. */
function takenUpAgain(state: TrainingState, look: Snapshot): TrainingState {
  const last = state.moments.at(-1);
  if (!last || look.step > last.step) return state;
  if (look.step === last.step && !last.looks[look.prompt]) return state;
  const moments = state.moments.filter(({ step }) => step < look.step);
  const losses = state.losses.filter(([step]) => step <= look.step);
  const { chosen } = state;
  return {
    ...state,
    moments,
    losses,
    again: moments.length > 0 ? look.step : null,
    chosen: chosen && Math.min(chosen, moments.length),
  };
}

/**
 * Drops moments and losses if there are too many, but not the first, the last and the shown moment.
 */
function thinned(state: TrainingState): TrainingState {
  let { moments, losses, chosen } = state;
  if (losses.length > MAX_LOSSES) losses = losses.filter((_, place) => place % 2 === 0);
  if (tokensOf(moments) <= MAX_TOKENS || moments.length < 4) return { ...state, losses };
  const shown = moments[shownPlace(state)];
  const last = moments.length - 1;
  moments = moments.filter((each, place) => place % 2 === 0 || place === last || each === shown);
  if (chosen !== null && shown) chosen = moments.indexOf(shown);
  return { ...state, moments, losses, chosen, thinned: state.thinned + last + 1 - moments.length };
}

function tokensOf(moments: readonly Moment[]): number {
  const runs = moments.flatMap(({ looks }) => looks);
  return runs.reduce((sum, look) => sum + (look?.run.frames.length ?? 0), 0);
}

function widest(known: RunRecord["domains"], more: RunRecord["domains"]): RunRecord["domains"] {
  const wide = { ...known };
  for (const series of NORM_SERIES) {
    const max = Math.max(known[series]?.max ?? 0, more[series]?.max ?? 0);
    if (max > 0) wide[series] = { max, since: 0 };
  }
  return wide;
}

export const isFollowing = ({ following }: TrainingState): boolean =>
  following === "waiting" || following === "watching" || following === "lost";
