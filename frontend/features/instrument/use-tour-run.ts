"use client";

import { useEffect } from "react";
import { useStore } from "zustand";
import { tour } from "@/features/tour/tour";
import { useRunState } from "@/lib/run/run-context";

/** After its first step the tour explains a run: begins one if the page has none. */
export function useTourRun(begin: () => void): void {
  const explainsRun = useStore(tour, ({ step }) => step !== null && step > 0);
  const isEmpty = useRunState(({ run }) => run.phase === "idle");
  useEffect(() => {
    if (explainsRun && isEmpty) begin();
  }, [explainsRun, isEmpty, begin]);
}
