"use client";

import { type RefObject, useCallback, useEffect } from "react";
import { focusPanel } from "@/features/panel-layout/focus-panel";
import { chapterStore } from "@/lib/chapters/chapters";
import { useRunState } from "@/lib/run/run-context";
import { generatedTextPanel } from "@/panels/generated-text/panel";

/**
 * Returns a function that moves the focus to the run: to its part of the page, and from there to the
 * text as soon as there is one, unless the visitor has moved it meanwhile.
 */
export function useFocusRun(element: RefObject<HTMLElement | null>): () => void {
  const prompt = useRunState(({ run }) => run.prompt);
  useEffect(() => {
    if (prompt && element.current && document.activeElement === element.current) {
      focusPanel(generatedTextPanel.id);
    }
  }, [prompt, element]);
  return useCallback(() => {
    // An open chapter keeps the focus.
    if (chapterStore.getState() === "none") element.current?.focus({ preventScroll: true });
  }, [element]);
}
