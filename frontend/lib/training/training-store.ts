import { createStore, type StoreApi } from "zustand/vanilla";
import type { Failure } from "@/lib/run/frames";
import { isBusy, NORM_SERIES, type RunRecord } from "@/lib/run/run-record";
import type { RunStore } from "@/lib/run/run-store";
import type { Look, StepLoss } from "./look-reader";

/** So many tokens are kept with all that was measured; beyond it every second look is let go. */
export const MAX_TOKENS = 16_384;
/** So many losses are kept; of more, every second is dropped. */
export const MAX_LOSSES = 16_384;

/** All prompts after the same number of training steps. */
export interface Moment {
  readonly step: number;
  readonly loss: number | null;
  readonly elapsedS: number;
  /** By prompt; a prompt may be missing where the recording stops. */
  readonly looks: readonly (Look | undefined)[];
}

/**
 * Where the recording stands: being read, read to its end, waited for, followed as it grows, or
 * followed until the connection was lost.
 */
export type Following = "reading" | "read" | "waiting" | "watching" | "lost";

export interface TrainingState {
  readonly following: Following;
  /** In the order of their steps. */
  readonly moments: readonly Moment[];
  readonly losses: readonly StepLoss[];
  /** The texts that are continued. */
  readonly prompts: readonly string[];
  /** Which of them is shown. */
  readonly prompt: number;
  /** Place among the moments of the one that is shown; null follows the newest. */
  readonly chosen: number | null;
  /** What is wrong with the recording from some line on. */
  readonly failure: Failure | null;
  /** The step from which the training was taken up again, if it was. */
  readonly again: number | null;
  /** Moments that were let go. */
  readonly thinned: number;
}

/** A training: what was said at each look, and which look the run's panels show. */
export interface Training extends StoreApi<TrainingState> {
  /** Whether it is the one that comes with the site. */
  readonly example: boolean;
  readonly live: boolean;
  readonly source: string;
  receive(look: Look): void;
  follow(following: Following): void;
  fail(failure: Failure): void;
  /** Show a moment by its place; null is the newest, now and later. */
  choose(place: number | null): void;
  choosePrompt(prompt: number): void;
}

interface Given {
  readonly source: string;
  readonly live?: boolean;
  readonly example?: boolean;
}

/** The place that is shown; -1 before the first look. */
export function shownPlace({ chosen, moments }: TrainingState): number {
  return Math.min(chosen ?? Number.POSITIVE_INFINITY, moments.length - 1);
}

/** The look that is shown. */
export function shownLook(state: TrainingState): Look | undefined {
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
    const look = shownLook(store.getState());
    // All looks on the same scales, so that they can be compared by eye.
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
      change(withLook(store.getState(), look));
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

/** What is known after one more look. */
export function withLook(state: TrainingState, look: Look): TrainingState {
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
  const told =
    look.losses.length > 0 || look.loss === null ? look.losses : [[look.step, look.loss] as const];
  const known = losses.at(-1)?.[0] ?? -1;
  const prompts = cut.prompts.slice();
  prompts[look.prompt] = String(look.run.start?.settings.prompt ?? "");
  return thinned({
    ...cut,
    moments: [...(same ? moments.slice(0, -1) : moments), moment],
    losses: [...losses, ...told.filter(([step]) => step > known)],
    prompts: Array.from(prompts, (prompt) => prompt ?? ""),
  });
}

/** Where steps begin anew, what an earlier attempt had after that point goes. */
function takenUpAgain(state: TrainingState, look: Look): TrainingState {
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

/** With less, where it is too much: the first and the newest moment stay, and the one shown. */
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

/** Whether a look broke off in its run. */
export const isWhole = ({ run }: Look): boolean => run.phase === "done" && !isBusy(run);
