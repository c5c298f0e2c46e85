"use client";

import { useEffect } from "react";
import { isBusy } from "@/lib/run/run-record";
import { keyedStep } from "@/lib/timeline/range";
import { useRunContext } from "../run-context";
import { usePlayer } from "./use-player";

/**
 * The timeline's keys where nothing else on the page takes them: the arrows and space on the bare
 * page and the run, plain letters only in the run, so that speech input does not set them off.
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

/** The page itself or the run as a whole: nothing that has a use for these keys. */
const isBare = (target: EventTarget | null): boolean =>
  target instanceof Element && target.matches("body, main");

const isSlider = (target: EventTarget | null): boolean =>
  target instanceof Element && target.matches("[role=slider]");

const isInRun = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest("main") !== null &&
  !target.matches("input, textarea, select");
