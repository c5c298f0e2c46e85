import { createStore, type StoreApi } from "zustand/vanilla";
import { currentStep, type RunStore } from "@/lib/run/run-store";
import { type TokenRange, within } from "./range";

/** Tokens a second. */
export const SPEEDS = [2, 6, 15, 30, 60] as const;
export const USUAL_SPEED = 6;
/** A page that was hidden goes on from where it was, rather than leap. */
const LONGEST_FRAME_MS = 250;

export interface PlayerState {
  readonly playing: boolean;
  readonly speed: number;
  /** Plays again and again. */
  readonly range: TokenRange | null;
  /** Whether the visitor drags through the tokens. */
  readonly dragging: boolean;
}

/** Shows token after token of one run, at a chosen speed. */
export interface Player extends StoreApi<PlayerState> {
  play(): void;
  pause(): void;
  toggle(): void;
  setSpeed(speed: number): void;
  setRange(range: TokenRange | null): void;
  setDragging(dragging: boolean): void;
  /** Show a token; of many asked for between two frames of the screen, the last. */
  scrub(step: number): void;
  /** The token that is shown, or will be with the next frame of the screen. */
  aim(): number;
}

/** Calls once with the next frame of the screen. */
type NextFrame = (callback: (now: number) => void) => void;
const screen: NextFrame = (callback) => void requestAnimationFrame(callback);

export function createPlayer(run: RunStore, nextFrame: NextFrame = screen): Player {
  const store = createStore<PlayerState>(() => ({
    playing: false,
    speed: USUAL_SPEED,
    range: null,
    dragging: false,
  }));
  const last = () => run.getState().run.frames.length - 1;
  let before: number | null = null;
  /** Which press of play goes on: one that was paused may still wait for its frame. */
  let press = 0;
  let due = 0;
  let wanted: number | null = null;

  const tick = (mine: number) => (now: number) => {
    const { playing, speed, range, dragging } = store.getState();
    if (!playing || mine !== press) return;
    const elapsed = Math.min(LONGEST_FRAME_MS, now - (before ?? now));
    before = now;
    due += dragging ? 0 : (elapsed / 1000) * speed;
    const whole = Math.floor(due);
    due -= whole;
    if (whole > 0) {
      const next = advanced(currentStep(run.getState()), whole, last(), within(range, last()));
      if (next === null) return end();
      run.select(next);
    }
    nextFrame(tick(mine));
  };
  /** At the end the newest token is followed again. */
  const end = () => {
    store.setState({ playing: false });
    run.select(null);
  };

  // A range of the run before means nothing in a new one.
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
    setSpeed: (speed: number) => store.setState({ speed }),
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

/** The token after so many more; null where playing is at its end. */
function advanced(step: number, by: number, last: number, range: TokenRange | null): number | null {
  if (!range) return step >= last ? null : Math.min(last, step + by);
  const length = range.to - range.from + 1;
  const inside = step >= range.from && step <= range.to;
  return inside ? range.from + ((step - range.from + by) % length) : range.from;
}

const players = new WeakMap<RunStore, Player>();

/** The player of a run; each run has one of its own. */
export function playerOf(run: RunStore): Player {
  const known = players.get(run) ?? createPlayer(run);
  players.set(run, known);
  return known;
}
