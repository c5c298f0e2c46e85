import { createStore } from "zustand/vanilla";
import { MEAN_OF_ALL, type Reading } from "./pattern";
import type { ShadeScale } from "./scale";

/** What all attention panels look at together. */
export interface AttentionChoice {
  readonly reading: Reading;
  readonly scale: ShadeScale;
  /** Show the others as shares of what is not on the first token. */
  readonly leaveOutFirst: boolean;
}

export const FIRST_CHOICE: AttentionChoice = {
  reading: MEAN_OF_ALL,
  scale: { curve: "root", full: 1 },
  leaveOutFirst: false,
};

export const attentionChoice = createStore<AttentionChoice>(() => FIRST_CHOICE);
