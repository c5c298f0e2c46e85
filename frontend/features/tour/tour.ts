import { createStore } from "zustand/vanilla";
import { localStore } from "@/lib/browser/storage";

/**
 * Selectors of the parts that each step explains. For each part, the first selector that matches a
 * visible element is used. A step of which no part is visible is left out.
 */
export const TOUR_STEPS: readonly (readonly (readonly string[])[])[] = [
  [["#setting-prompt"], ["button[type=submit]"]],
  [["[data-panel=generated-text]"]],
  [["[data-panel=top-predictions]", "[data-panel=output-distribution]"]],
  [["[data-panel=stack]", "[data-panel=layer-norms]", "[data-panel=attention-entropy]"]],
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

/** Returns the first visible element for each part of a step. */
export const partsOf = (step: number): readonly Element[] =>
  (TOUR_STEPS[step] ?? []).flatMap((selectors) => firstShown(selectors) ?? []);

const firstShown = (selectors: readonly string[]): Element | undefined =>
  selectors
    .map((selector) => document.querySelector(selector))
    .find((element) => element !== null && isShown(element)) ?? undefined;

export const isShown = (element: Element): boolean => element.getClientRects().length > 0;

/** Returns the indices of the steps that have something to point at. */
export const shownSteps = (): readonly number[] =>
  TOUR_STEPS.map((_, step) => step).filter((step) => partsOf(step).length > 0);

/** Moves one step forward or back. The tour ends after the last step. */
export function moveTour(by: 1 | -1): void {
  const { step } = tour.getState();
  if (step === null) return;
  const steps = shownSteps();
  if (by === 1) tour.setState({ step: steps.find((other) => other > step) ?? null });
  else tour.setState({ step: steps.findLast((other) => other < step) ?? step });
}
