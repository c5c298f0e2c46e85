import { createStore } from "zustand/vanilla";
import { localStore } from "@/lib/browser/storage";

/**
 * Selectors of the parts that each step explains. For each part, the first selector that matches a
 * visible element is used. A step whose parts are hidden still shows its text.
 */
export const TOUR_STEPS: readonly (readonly (readonly string[])[])[] = [
  [["#setting-prompt"], ["button[type=submit]"]],
  [["[data-panel=generated-text]"]],
  [["[data-panel=top-predictions]", "[data-panel=output-distribution]"]],
  [["[data-panel=layer-norms]", "[data-panel=attention-entropy]"]],
  [["[data-tour=time]"], ["[data-tour=panels]"]],
];

interface TourState {
  /** The current step, or null if there is no tour. */
  readonly step: number | null;
  /** Whether the tour is offered to a first visitor. */
  readonly invited: boolean;
}

const KEY = "mav-tour";

/** A store, because the page is mounted again when the language changes and the tour continues. */
export const tour = createStore<TourState>(() => ({ step: null, invited: false }));

/** Offers the tour to visitors who have not seen the offer before. */
export function inviteToTour(): void {
  if (localStore.getItem(KEY)) return;
  // If this cannot be stored, do not offer the tour, because it would be offered on every visit.
  if (localStore.setItem(KEY, "offered")) tour.setState({ invited: true });
}

export const declineTour = (): void => tour.setState({ invited: false });

export const beginTour = (): void => tour.setState({ step: 0, invited: false });

export const endTour = (): void => tour.setState({ step: null });

/** Moves one step forward or back. The tour ends after the last step. */
export function moveTour(by: 1 | -1): void {
  const { step } = tour.getState();
  if (step === null) return;
  const next = Math.max(0, step + by);
  tour.setState({ step: next < TOUR_STEPS.length ? next : null });
}
