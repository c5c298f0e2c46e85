"use client";

import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { stepAt } from "@/lib/timeline/axis";
import { extended, keyedStep, rangeBetween } from "@/lib/timeline/range";
import { usePlayer } from "./use-player";

interface Scrubbed {
  /** Number of tokens that the axis has room for. */
  length: number;
  last: number;
  onPoint: (step: number | null) => void;
}

/** Distance in pixels at which a press drags an end of the loop. */
const GRIP = 7;

/** Pointer and keyboard handlers of the timeline, which select a token or a loop. */
export function useScrub({ length, last, onPoint }: Scrubbed) {
  const player = usePlayer();
  /**
   * Set while dragging. `anchor` is the fixed end of the loop, or null if only the token changes.
   */
  const drag = useRef<{ anchor: number | null } | null>(null);

  const under = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return stepAt((event.clientX - box.left) / box.width, length, last);
  };
  const gripped = (event: PointerEvent): number | null => {
    const { range } = player.getState();
    if (!range) return null;
    const box = event.currentTarget.getBoundingClientRect();
    const near = (edge: number) =>
      Math.abs(event.clientX - box.left - (edge / length) * box.width) <= GRIP;
    if (near(range.to + 1)) return range.from;
    return near(range.from) ? range.to : null;
  };
  const follow = (event: PointerEvent) => {
    const at = under(event);
    const anchor = drag.current?.anchor ?? null;
    if (anchor !== null) player.setRange(rangeBetween(anchor, at));
    player.scrub(at);
  };

  return {
    onPointerDown(event: PointerEvent) {
      if (event.button !== 0 || last < 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      drag.current = { anchor: event.shiftKey ? under(event) : gripped(event) };
      player.setDragging(true);
      follow(event);
    },
    onPointerMove(event: PointerEvent) {
      if (last < 0) return;
      onPoint(under(event));
      if (drag.current) follow(event);
    },
    onPointerUp() {
      drag.current = null;
      player.setDragging(false);
    },
    onPointerCancel() {
      drag.current = null;
      player.setDragging(false);
    },
    onPointerLeave: () => onPoint(null),
    onKeyDown(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || last < 0) return;
      // Not the rendered step: two key presses within one frame must both count.
      const step = player.aim();
      const next = keyedStep(event.key, step, last);
      if (next !== null) {
        if (event.shiftKey) player.setRange(extended(player.getState().range, step, next));
        player.scrub(next);
      } else if (event.key === "Delete" || event.key === "Backspace") player.setRange(null);
      else return;
      event.preventDefault();
    },
  };
}
