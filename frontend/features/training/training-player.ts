import { createStore, type StoreApi } from "zustand/vanilla";
import { objectCache } from "@/lib/caching/cache";
import { shownPlace, type Training } from "./training-store";

/** Snapshots per second. */
export const LOOK_SPEEDS = [1, 2, 4, 8] as const;
export const USUAL_LOOK_SPEED = 2;

export interface TrainingPlayerState {
  readonly playing: boolean;
  readonly speed: number;
}

/** Shows the snapshots one after the other, at a selected speed. */
export interface TrainingPlayer extends StoreApi<TrainingPlayerState> {
  play(): void;
  pause(): void;
  toggle(): void;
  setSpeed(speed: number): void;
}

type After = (callback: () => void, ms: number) => void;

export function createTrainingPlayer(
  training: Training,
  after: After = (callback, ms) => void setTimeout(callback, ms),
): TrainingPlayer {
  const store = createStore<TrainingPlayerState>(() => ({
    playing: false,
    speed: USUAL_LOOK_SPEED,
  }));
  /** Number of the last call of play(). Timers of earlier calls are ignored. */
  let press = 0;
  const next = (mine: number) => () => {
    if (!store.getState().playing || mine !== press) return;
    const state = training.getState();
    const place = shownPlace(state) + 1;
    training.choose(Math.min(place, state.moments.length - 1));
    if (place >= state.moments.length - 1) return store.setState({ playing: false });
    wait(mine);
  };
  const wait = (mine: number) => after(next(mine), 1000 / store.getState().speed);
  const player = {
    ...store,
    play() {
      const state = training.getState();
      if (store.getState().playing || state.moments.length < 2) return;
      const place = shownPlace(state);
      training.choose(place >= state.moments.length - 1 ? 0 : place);
      store.setState({ playing: true });
      wait(++press);
    },
    pause: () => store.setState({ playing: false }),
    toggle: () => (store.getState().playing ? player.pause() : player.play()),
    setSpeed: (speed: number) => store.setState({ speed }),
  };
  return player;
}

const players = objectCache<Training, TrainingPlayer>();

/** Returns the player of a training. */
export const trainingPlayerOf = (training: Training): TrainingPlayer =>
  players(training, () => createTrainingPlayer(training));
