"use client";

import dynamic from "next/dynamic";
import { orNothing } from "@/components/ui/or-nothing";
import { useRunContext } from "@/lib/run/run-context";
import { trainingOf } from "./trainings";

/** Loaded with the first training. */
const TrainingStrip = dynamic(() => orNothing(import("./training-strip")));

/** Shows the training of the shown run, if it is a snapshot of one. */
export function TrainingPlace() {
  const { store } = useRunContext();
  const training = trainingOf(store);
  return training && <TrainingStrip key={training.source} training={training} />;
}
