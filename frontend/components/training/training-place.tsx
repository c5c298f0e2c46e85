"use client";

import dynamic from "next/dynamic";
import { trainingOf } from "@/lib/training/trainings";
import { useRunContext } from "../run-context";

/** Loaded with the first training. */
const TrainingStrip = dynamic(() => import("./training-strip"));

/** The training that the shown run is of, if it is of one. */
export function TrainingPlace() {
  const { store } = useRunContext();
  const training = trainingOf(store);
  return training && <TrainingStrip key={training.source} training={training} />;
}
