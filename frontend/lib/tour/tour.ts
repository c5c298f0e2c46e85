import { createStore } from "zustand/vanilla";
import { localStore } from "@/lib/browser/storage";

/**
 * The parts of the page that each step points at, found by selector when the step is shown, the
 * first that is there of each list. A step whose parts are hidden still says its words.
 */
export const TOUR_STEPS: readonly (readonly (readonly string[])[])[] = [
  [["#setting-prompt"], ["button[type=submit]"]],
  [["[data-panel=generated-text]"]],
  [["[data-panel=top-predictions]", "[data-panel=output-distribution]"]],
  [["[data-panel=layer-norms]", "[data-panel=attention-entropy]"]],
  [["[data-tour=time]"], ["[data-tour=panels]"]],
];

interface TourState {
  /** The step that is shown; null when nobody takes the tour. */
  readonly step: number | null;
  /** Whether a first visitor is being asked. */
  readonly invited: boolean;
}

const KEY = "mav-tour";

/** Outside the page, so that a tour goes on when the page is made anew in another language. */
export const tour = createStore<TourState>(() => ({ step: null, invited: false }));

/** Ask whoever has never been asked before. */
export function inviteToTour(): void {
  if (localStore.getItem(KEY)) return;
  // Where the answer cannot be stored the question would come with every visit.
  if (localStore.setItem(KEY, "offered")) tour.setState({ invited: true });
}

export const declineTour = (): void => tour.setState({ invited: false });

export const beginTour = (): void => tour.setState({ step: 0, invited: false });

export const endTour = (): void => tour.setState({ step: null });

/** One step on or back; the tour ends behind the last one. */
export function moveTour(by: 1 | -1): void {
  const { step } = tour.getState();
  if (step === null) return;
  const next = Math.max(0, step + by);
  tour.setState({ step: next < TOUR_STEPS.length ? next : null });
}
