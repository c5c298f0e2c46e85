"use client";

import { useCallback } from "react";
import { repetition } from "@/lib/run/captures";
import { neededCaptures } from "@/panels/registry";
import { useOpenPanels } from "./arrangement/arrangement-context";
import { useRunContext } from "./run-context";

/** Asks for the shown run once more, with what the panels need that are open now. */
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
