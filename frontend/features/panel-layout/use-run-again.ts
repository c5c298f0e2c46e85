"use client";

import { useCallback } from "react";
import { repetition } from "@/lib/run/captures";
import { useRunContext } from "@/lib/run/run-context";
import { neededCaptures } from "@/panels/registry";
import { useOpenPanels } from "./layout-context";

/**
 * Returns a function that repeats the shown run with the captures that the open panels need, and
 * with further ones.
 */
export function useRunAgain(): (further?: readonly string[]) => void {
  const { store, controller } = useRunContext();
  const open = useOpenPanels();
  return useCallback(
    (further = []) => {
      const { start } = store.getState().run;
      if (!start) return;
      const panels = open.map(({ panel }) => panel);
      const needed = neededCaptures(panels, start.model.capabilities);
      void controller.run(repetition(start, [...new Set([...needed, ...further])]));
    },
    [store, controller, open],
  );
}
