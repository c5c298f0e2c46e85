"use client";

import { createContext, useContext } from "react";
import { useStore } from "zustand";
import { type TrainingPlayer, type TrainingPlayerState, trainingPlayerOf } from "./training-player";
import type { Training, TrainingState } from "./training-store";

export const TrainingContext = createContext<Training | null>(null);

/** Returns the shown training. */
export function useTraining(): Training {
  const training = useContext(TrainingContext);
  if (!training) throw new Error("useTraining needs a TrainingContext above it");
  return training;
}

export const useTrainingState = <T>(selector: (state: TrainingState) => T): T =>
  useStore(useTraining(), selector);

export const useTrainingPlayer = (): TrainingPlayer => trainingPlayerOf(useTraining());

export const useTrainingPlayerState = <T>(selector: (state: TrainingPlayerState) => T): T =>
  useStore(useTrainingPlayer(), selector);
