"use client";

import { useCallback } from "react";
import { openRecording } from "@/lib/recording/open-recording";
import { useRunContext } from "./run-context";

/** Shows a recorded run in the instrument. */
export function useOpenRecording(): (file: File) => void {
  const { controller } = useRunContext();
  return useCallback((file) => void openRecording(file, controller), [controller]);
}
