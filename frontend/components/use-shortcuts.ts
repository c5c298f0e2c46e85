"use client";

import { useEffect } from "react";

interface Shortcuts {
  run: () => void;
  stop: () => void;
  live: () => void;
  help: () => void;
}

/** The page's keys; plain letters count only where nothing is being typed. */
export function useShortcuts({ run, stop, live, help }: Shortcuts): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        run();
      } else if (event.key === "Escape") {
        // Where something stands open or is being moved, Escape is meant for that.
        if (!isInPopup(event.target) && !document.body.dataset.arranging) stop();
      } else if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      else if (event.key === "?") help();
      // A plain letter only where the run has the focus, so that speech input does not set it off.
      else if (event.key.toLowerCase() === "l" && isInRun(event.target)) live();
    };
    // While capturing, so that Escape is seen before a dialog that it closes is gone.
    window.addEventListener("keydown", onKeyDown, { capture: true });
    return () => window.removeEventListener("keydown", onKeyDown, { capture: true });
  }, [run, stop, live, help]);
}

const isInRun = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("main") !== null;

const isInPopup = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest("[role=dialog], [role=menu], :has(> [data-popup])") !== null;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input:not([type=range]), textarea, select");
