import { createStore } from "zustand/vanilla";

export interface ChosenHead {
  readonly layer: number;
  readonly head: number;
  /** Chooses no head. */
  readonly clear: () => void;
}

/**
 * The head chosen in an attention panel, for panels that show it otherwise; null for none. A store
 * of its own, since those panels are part of the first load and the choice is not.
 */
export const chosenHead = createStore<{ readonly chosen: ChosenHead | null }>(() => ({
  chosen: null,
}));
