"use client";

import { useEffect } from "react";
import { shownPlace } from "./training-store";
import { useTraining, useTrainingPlayer } from "./use-training";

/** Keys that move between snapshots, if the run has the focus but no text field in it. */
export function useTrainingKeys(): void {
  const training = useTraining();
  const player = useTrainingPlayer();
  useEffect(() => {
    const moves: Record<string, number> = { ",": -1, ".": 1 };
    const onKeyDown = (event: KeyboardEvent) => {
      const by = moves[event.key];
      if (by === undefined || event.defaultPrevented || !isInRun(event.target)) return;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      player.pause();
      training.choose(shownPlace(training.getState()) + by);
      event.preventDefault();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => {
      window.removeEventListener("keydown", onKeyDown);
      player.pause();
    };
  }, [training, player]);
}

const isInRun = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest("main") !== null &&
  !target.matches("input, textarea, select");
