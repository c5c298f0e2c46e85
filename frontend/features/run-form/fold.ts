import { createStore } from "zustand/vanilla";
import { localStore } from "@/lib/browser/storage";
import { isPresenting, presentStore } from "@/lib/present/present";

const KEY = "mav-form";

interface FoldState {
  /** Whether only the prompt and the buttons are shown, in a bar above the run. */
  readonly folded: boolean;
}

/** A store, because the page is mounted again when the language changes. Wide screens only. */
export const foldStore = createStore<FoldState>(() => ({ folded: false }));

const chosen = (): boolean => localStore.getItem(KEY) === "folded";

/** Applies the choice of an earlier visit. In Present mode the form is folded at first. */
export function followFold(): () => void {
  const apply = () => foldStore.setState({ folded: isPresenting() || chosen() });
  apply();
  return presentStore.subscribe(apply);
}

/** Folds or unfolds the form. Outside Present mode the choice is remembered. */
export function toggleFold(): void {
  const folded = !foldStore.getState().folded;
  foldStore.setState({ folded });
  if (!isPresenting()) localStore.setItem(KEY, folded ? "folded" : "open");
}
