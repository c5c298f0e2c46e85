"use client";

import { useCallback } from "react";
import { createRunContext, useSession } from "@/lib/run/run-context";
import type { TrainingPlace } from "./open-training";

/** Returns a function that creates a run for a training. */
export function useTrainingPlace(): () => TrainingPlace {
  const session = useSession();
  return useCallback(() => {
    const run = createRunContext();
    return { store: run.store, show: (name) => session.adopt(run, name) };
  }, [session]);
}
