"use client";

import { type PointerEvent, type RefObject, useCallback } from "react";
import type { Panel } from "@/panels/panel";
import { gridColumns } from "./grid-columns";
import { type LayoutActions, useLayoutActions } from "./use-layout-actions";

/** Distance in pixels after which a press becomes a drag. */
const SLACK = 6;
/** Distance in pixels from the edge of the window at which the page scrolls. */
const EDGE = 56;
const CONTROLS = "button:not([data-grip]), a, input, select, textarea, [role=slider]";

/**
 * Moves a panel with the mouse by its header. On touch screens only the grip moves it, because the
 * header scrolls the page. A line marks the new place; Escape cancels.
 */
export function usePanelDrag(panel: Panel, element: RefObject<HTMLElement | null>) {
  const arrange = useLayoutActions();
  return useCallback(
    (event: PointerEvent<HTMLElement>) => {
      const section = element.current;
      const target = event.target as Element;
      // A press in an open popup must not drag the panel below it.
      if (!event.currentTarget.contains(target)) return;
      const byGrip = target.closest("[data-grip]") !== null;
      if (!section || event.button !== 0 || target.closest(CONTROLS)) return;
      if (!byGrip && (event.pointerType === "touch" || gridColumns() < 2)) return;
      follow(section, event.nativeEvent, panel, arrange);
    },
    [panel, element, arrange],
  );
}

function follow(
  section: HTMLElement,
  pressed: MouseEvent,
  panel: Panel,
  arrange: LayoutActions,
): void {
  const ending = new AbortController();
  const { signal } = ending;
  let drop: Drop | null = null;
  let dragging = false;
  const end = () => {
    ending.abort();
    delete section.dataset.dragged;
    delete document.body.dataset.arranging;
    mark(null);
  };
  const onMove = (event: globalThis.PointerEvent) => {
    const far = Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY);
    if (!dragging && far < SLACK) return;
    dragging = true;
    event.preventDefault();
    section.dataset.dragged = "";
    document.body.dataset.arranging = "move";
    scrollAlong(section, event.clientY);
    drop = dropAt(section, event.clientX, event.clientY);
    mark(drop);
  };
  const onUp = () => {
    end();
    if (!dragging) return;
    // Prevents the click event that would follow on the element under the pointer.
    window.addEventListener("click", stopClick, { capture: true, once: true });
    setTimeout(() => window.removeEventListener("click", stopClick, { capture: true }));
    if (drop) arrange.move(panel, drop.place);
  };
  window.addEventListener("pointermove", onMove, { signal });
  window.addEventListener("pointerup", onUp, { signal });
  window.addEventListener("pointercancel", end, { signal });
  window.addEventListener("keydown", ({ key }) => key === "Escape" && end(), { signal });
}

const stopClick = (event: Event) => {
  event.preventDefault();
  event.stopPropagation();
};

interface Drop {
  /** Index, counted without the moved panel. */
  readonly place: number;
  readonly beside: HTMLElement;
  readonly edge: "left" | "right" | "top" | "bottom";
}

/** Returns the position before or after the panel under the pointer. */
function dropAt(section: HTMLElement, x: number, y: number): Drop | null {
  const grid = section.parentElement;
  const beside = document.elementFromPoint(x, y)?.closest<HTMLElement>("[data-panel]");
  if (!grid || !beside || beside === section || beside.parentElement !== grid) return null;
  const others = [...grid.querySelectorAll<HTMLElement>(":scope > [data-panel]")].filter(
    (panel) => panel !== section,
  );
  const box = beside.getBoundingClientRect();
  const wholeRow = box.width > grid.clientWidth * 0.9;
  const after = wholeRow ? y > box.top + box.height / 2 : x > box.left + box.width / 2;
  const edge = wholeRow ? (after ? "bottom" : "top") : after ? "right" : "left";
  return { place: others.indexOf(beside) + (after ? 1 : 0), beside, edge };
}

function mark(drop: Drop | null): void {
  for (const marked of document.querySelectorAll<HTMLElement>("[data-drop]")) {
    if (marked !== drop?.beside) delete marked.dataset.drop;
  }
  if (drop) drop.beside.dataset.drop = drop.edge;
}

function scrollAlong(section: HTMLElement, y: number): void {
  const main = section.closest("main");
  if (!main) return;
  const scrolls = main.scrollHeight > main.clientHeight && main.clientHeight < window.innerHeight;
  const box = scrolls ? main.getBoundingClientRect() : { top: 0, bottom: window.innerHeight };
  const by = y < box.top + EDGE ? -EDGE / 4 : y > box.bottom - EDGE ? EDGE / 4 : 0;
  (scrolls ? main : window).scrollBy(0, by);
}
