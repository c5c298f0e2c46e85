"use client";

import { useCallback } from "react";
import { openRecording } from "@/lib/recording/open-recording";
import { createRunContext, useSession } from "./run-context";

/** Shows a recorded run in the instrument, beside the runs that are there. */
export function useOpenRecording(): (file: File) => void {
  const session = useSession();
  return useCallback(
    (file) =>
      void openRecording(file, (events, name) => {
        const run = createRunContext();
        session.adopt(run, name);
        return run.controller.replay(events, name);
      }),
    [session],
  );
}
