import type { RunStore } from "@/lib/run/run-store";
import type { Training } from "./training-store";

const trainings = new WeakMap<RunStore, Training>();

/** Returns the training that this run shows, or null. */
export const trainingOf = (run: RunStore): Training | null => trainings.get(run) ?? null;

export const isOfTraining = (run: RunStore): boolean => trainings.has(run);

export function markTraining(run: RunStore, training: Training): void {
  trainings.set(run, training);
}
