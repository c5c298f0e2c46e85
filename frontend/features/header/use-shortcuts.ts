"use client";

import { useEffect } from "react";
import { togglePresent } from "@/lib/present/present";

interface Shortcuts {
  run: () => void;
  stop: () => void;
  live: () => void;
  help: () => void;
}

/** Registers the keyboard shortcuts of the page. Single letters are ignored in text fields. */
export function useShortcuts({ run, stop, live, help }: Shortcuts): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        run();
      } else if (event.key === "Escape") {
        // In a popup, or while a panel is dragged, Escape closes or cancels that instead.
        if (!isInPopup(event.target) && !document.body.dataset.arranging) stop();
      } else if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      else if (event.key === "?") help();
      else if (event.key.toLowerCase() === "f") togglePresent();
      // Only when the focus is in the run, so that speech input does not trigger it.
      else if (event.key.toLowerCase() === "l" && isInRun(event.target)) live();
    };
    // In the capture phase, because a dialog that Escape closes is removed before the event
    // bubbles.
    window.addEventListener("keydown", onKeyDown, { capture: true });
    return () => window.removeEventListener("keydown", onKeyDown, { capture: true });
  }, [run, stop, live, help]);
}

const isInRun = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("main") !== null;

const isInPopup = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest("[role=dialog], [data-popup], [aria-haspopup][aria-expanded=true]") !== null;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input:not([type=range]), textarea, select");
