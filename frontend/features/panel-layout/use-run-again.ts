"use client";

import { useCallback } from "react";
import { repetition } from "@/lib/run/captures";
import { useRunContext } from "@/lib/run/run-context";
import { neededCaptures } from "@/panels/registry";
import { useOpenPanels } from "./layout-context";

/** Returns a function that repeats the shown run with the captures that the open panels need. */
export function useRunAgain(): () => void {
  const { store, controller } = useRunContext();
  const open = useOpenPanels();
  return useCallback(() => {
    const { start } = store.getState().run;
    if (!start) return;
    const panels = open.map(({ panel }) => panel);
    void controller.run(repetition(start, neededCaptures(panels, start.model.capabilities)));
  }, [store, controller, open]);
}
