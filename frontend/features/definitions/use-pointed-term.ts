"use client";

import { useEffect, useRef } from "react";
import type { FindTerms } from "@/lib/glossary/find-terms";
import { isPressable, isSameSpot, type Spot, termAt } from "./page-terms";

/** How long the pointer rests on a term before its definition is shown, and after it left. */
const OPEN_MS = 350;
const CLOSE_MS = 250;

/**
 * How far the pointer must move from where it was pressed, in pixels. What a press shows may come to
 * lie under a pointer that rests.
 */
const AWAY = 6;

/**
 * Calls `show` with the term that the pointer rests on or that was tapped, and with null when the
 * pointer left both the term and its definition.
 */
export function usePointedTerm(
  find: FindTerms,
  shown: Spot | null,
  show: (spot: Spot | null) => void,
): void {
  const pressedAt = useRef<readonly [x: number, y: number] | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const isInDefinition = ({ target }: Event) =>
      target instanceof Element && target.closest("[data-definition]") !== null;

    const onMove = (event: PointerEvent) => {
      clearTimeout(timer);
      // Asked for only when the pointer rests: finding text under it may lay out the page.
      if (event.pointerType !== "mouse" || event.buttons !== 0 || isInDefinition(event)) return;
      const { clientX, clientY } = event;
      const [x, y] = pressedAt.current ?? [Number.POSITIVE_INFINITY, 0];
      if (Math.hypot(clientX - x, clientY - y) < AWAY) return;
      pressedAt.current = null;
      const look = () => {
        const spot = termAt(clientX, clientY, find);
        if (spot ? !isSameSpot(spot, shown) : shown) show(spot);
      };
      timer = setTimeout(look, shown ? CLOSE_MS : OPEN_MS);
    };
    const onClick = (event: MouseEvent) => {
      if (isInDefinition(event)) return;
      clearTimeout(timer);
      pressedAt.current = [event.clientX, event.clientY];
      const isSelecting = document.getSelection()?.isCollapsed === false;
      // Enter or Space on a control is a click without a position.
      const spot = event.detail > 0 && !isSelecting && termAt(event.clientX, event.clientY, find);
      // What the click itself has put under the pointer was not tapped.
      const isTapped = spot && event.target instanceof Element && event.target.contains(spot.node);
      if (isTapped && !isPressable(spot.node)) show(spot);
      else if (event.detail > 0) show(null);
    };
    const onScroll = () => {
      clearTimeout(timer);
      if (shown && document.activeElement?.closest("[data-definition]") == null) show(null);
    };
    document.addEventListener("pointermove", onMove, { passive: true });
    document.addEventListener("click", onClick);
    window.addEventListener("wheel", onScroll, { passive: true });
    window.addEventListener("touchmove", onScroll, { passive: true });
    return () => {
      clearTimeout(timer);
      document.removeEventListener("pointermove", onMove);
      document.removeEventListener("click", onClick);
      window.removeEventListener("wheel", onScroll);
      window.removeEventListener("touchmove", onScroll);
    };
  }, [find, shown, show]);
}
