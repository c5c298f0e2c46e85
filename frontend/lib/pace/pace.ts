import { createStore } from "zustand/vanilla";
import { localStore } from "@/lib/browser/storage";

/** Speeds in tokens per second. */
export const SPEEDS = [2, 4, 8, 15, 30, 60] as const;
/** Slow enough to read each word and see what the panels do. */
export const USUAL_SPEED = 4;

const KEY = "mav-pace";
const AT_ONCE = "computed";

/** How fast tokens are shown. */
export interface Pace {
  /** Tokens per second, of a run that arrives and of one that is played again. */
  readonly speed: number;
  /** Whether the tokens of a run are shown as fast as the model computes them. */
  readonly full: boolean;
}

/** The pace for all runs. `full` is stored for later visits. */
export const pace = createStore<Pace>(() => ({ speed: USUAL_SPEED, full: false }));

// After the store was created: the page that the server sends has its initial state.
if (localStore.getItem(KEY) === AT_ONCE) pace.setState({ full: true });

export const setSpeed = (speed: number): void => pace.setState({ speed });

export function setFullSpeed(full: boolean): void {
  pace.setState({ full });
  if (full) localStore.setItem(KEY, AT_ONCE);
  else localStore.removeItem(KEY);
}
