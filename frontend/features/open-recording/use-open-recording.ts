"use client";

import { useCallback } from "react";
import { useTrainingPlace } from "@/features/training/use-training-place";
import { openRecording } from "@/lib/recording/open-recording";
import { createRunContext, useSession } from "@/lib/run/run-context";

/** Returns a function that opens a recorded run or training in the instrument. */
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
          const { openTraining } = await import("@/features/training/open-training");
          await openTraining(file, file.name, place());
        },
      }),
    [session, place],
  );
}
