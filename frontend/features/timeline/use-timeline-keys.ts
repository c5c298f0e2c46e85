"use client";

import { useEffect } from "react";
import { useRunContext } from "@/lib/run/run-context";
import { isBusy } from "@/lib/run/run-record";
import { keyedStep } from "@/lib/timeline/range";
import { usePlayer } from "./use-player";

/**
 * Keyboard shortcuts of the timeline. Arrow keys work if the page or the run has the focus, Space
 * on sliders too. Single letters work only within the run, so that speech input does not trigger
 * them.
 */
export function useTimelineKeys(): void {
  const { store, controller } = useRunContext();
  const player = usePlayer();
  useEffect(() => {
    const letters: Record<string, () => void> = {
      p: () => (isBusy(store.getState().run) ? controller.pause() : void controller.resume()),
      n: () => void controller.step(),
    };
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const { target, key } = event;
      const bare = isBare(target);
      if (key === " " && (bare || isSlider(target))) player.toggle();
      else if (bare && (key === "ArrowLeft" || key === "ArrowRight")) {
        const last = store.getState().run.frames.length - 1;
        const next = keyedStep(key, player.aim(), last);
        if (last < 0 || next === null) return;
        player.scrub(next);
      } else if (key in letters && isInRun(target)) letters[key]?.();
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [store, controller, player]);
}

/**
 * Whether the page, the run, a panel or its whole text has the focus, so that no other element uses
 * these keys.
 */
const isBare = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.matches("body, main, [data-panel], [data-panel] [role=listbox]");

const isSlider = (target: EventTarget | null): boolean =>
  target instanceof Element && target.matches("[role=slider]");

const isInRun = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest("main") !== null &&
  !target.matches("input, textarea, select");
