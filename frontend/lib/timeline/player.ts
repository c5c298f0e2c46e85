import { createStore, type StoreApi } from "zustand/vanilla";
import { objectCache } from "@/lib/caching/cache";
import { pace } from "@/lib/pace/pace";
import { currentStep, type RunStore } from "@/lib/run/run-store";
import { type TokenRange, within } from "./range";

/** The longest time step. After the page was hidden, playback continues without a jump. */
const LONGEST_FRAME_MS = 250;

export interface PlayerState {
  readonly playing: boolean;
  /** The range that is played in a loop. */
  readonly range: TokenRange | null;
  /** Whether the visitor is dragging the timeline. */
  readonly dragging: boolean;
}

/** Plays the tokens of one run at the speed of `pace`. */
export interface Player extends StoreApi<PlayerState> {
  play(): void;
  pause(): void;
  toggle(): void;
  setRange(range: TokenRange | null): void;
  setDragging(dragging: boolean): void;
  /** Shows a token in the next animation frame. Of several calls in one frame, the last counts. */
  scrub(step: number): void;
  /** The token that is shown, or that will be shown in the next animation frame. */
  aim(): number;
}

/** Calls back once in the next animation frame. */
type NextFrame = (callback: (now: number) => void) => void;
const screen: NextFrame = (callback) => void requestAnimationFrame(callback);

export function createPlayer(run: RunStore, nextFrame: NextFrame = screen): Player {
  const store = createStore<PlayerState>(() => ({
    playing: false,
    range: null,
    dragging: false,
  }));
  const last = () => run.getState().run.frames.length - 1;
  let before: number | null = null;
  /** Counts the calls of `play`, so that a pending frame of an earlier playback stops. */
  let press = 0;
  let due = 0;
  let wanted: number | null = null;

  const tick = (playback: number) => (now: number) => {
    const { playing, range, dragging } = store.getState();
    if (!playing || playback !== press) return;
    const elapsed = Math.min(LONGEST_FRAME_MS, now - (before ?? now));
    before = now;
    due += dragging ? 0 : (elapsed / 1000) * pace.getState().speed;
    const whole = Math.floor(due);
    due -= whole;
    if (whole > 0) {
      const next = advanced(currentStep(run.getState()), whole, last(), within(range, last()));
      if (next === null) return end();
      run.select(next);
    }
    nextFrame(tick(playback));
  };
  /** Stops at the last token and follows the newest token again. */
  const end = () => {
    store.setState({ playing: false });
    run.select(null);
  };

  // A new run clears the range.
  run.subscribe(({ run: { frames } }) => {
    if (frames.length === 0 && store.getState().range) store.setState({ range: null });
  });

  const player = {
    ...store,
    play() {
      if (store.getState().playing || last() < 0) return;
      const range = within(store.getState().range, last());
      const step = currentStep(run.getState());
      if (range) run.select(step < range.from || step >= range.to ? range.from : step);
      else run.select(step >= last() ? 0 : step);
      before = null;
      due = 0;
      store.setState({ playing: true });
      nextFrame(tick(++press));
    },
    pause: () => store.setState({ playing: false }),
    toggle: () => (store.getState().playing ? player.pause() : player.play()),
    setRange: (range: TokenRange | null) => store.setState({ range }),
    setDragging: (dragging: boolean) => store.setState({ dragging }),
    scrub(step: number) {
      if (wanted === null) {
        nextFrame(() => {
          if (wanted !== null) run.select(wanted);
          wanted = null;
        });
      }
      wanted = step;
    },
    aim: () => wanted ?? currentStep(run.getState()),
  };
  return player;
}

/** Returns the token `by` steps further; null at the end. */
function advanced(step: number, by: number, last: number, range: TokenRange | null): number | null {
  if (!range) return step >= last ? null : Math.min(last, step + by);
  const length = range.to - range.from + 1;
  const inside = step >= range.from && step <= range.to;
  return inside ? range.from + ((step - range.from + by) % length) : range.from;
}

const players = objectCache<RunStore, Player>();

/** Returns the player of a run, which is created once. */
export const playerOf = (run: RunStore): Player => players(run, () => createPlayer(run));
