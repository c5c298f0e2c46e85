"use client";

import { useCallback } from "react";
import { openRecording } from "@/lib/recording/open-recording";
import type { TrainingPlace } from "@/lib/training/open-training";
import { createRunContext, useSession } from "./run-context";

/** Shows a recorded run in the instrument, beside the runs that are there. */
export function useOpenRecording(): (file: File) => void {
  const session = useSession();
  const place = useTrainingPlace();
  return useCallback(
    (file) =>
      void openRecording(file, {
        run(events, name) {
          const run = createRunContext();
          session.adopt(run, name);
          return run.controller.replay(events, name);
        },
        async training() {
          const { openTraining } = await import("@/lib/training/open-training");
          await openTraining(file, file.name, place());
        },
      }),
    [session, place],
  );
}

/** Makes room for a training beside the runs that are there. */
export function useTrainingPlace(): () => TrainingPlace {
  const session = useSession();
  return useCallback(() => {
    const run = createRunContext();
    return { store: run.store, show: (name) => session.adopt(run, name) };
  }, [session]);
}
