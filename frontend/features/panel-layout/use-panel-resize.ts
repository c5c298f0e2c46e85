"use client";

import { type PointerEvent, type RefObject, useCallback } from "react";
import type { Panel } from "@/panels/panel";
import { gridColumns } from "./grid-columns";
import { columnsFromAddress, MAX_ROWS, type Placed, shownColumns } from "./layout";
import { useLayoutActions } from "./use-layout-actions";

/** Resizes a panel with the mouse by its corner, in steps of the grid. */
export function usePanelResize(
  panel: Panel,
  placed: Placed,
  element: RefObject<HTMLElement | null>,
) {
  const { resize } = useLayoutActions();
  return useCallback(
    (event: PointerEvent<HTMLElement>) => {
      const grid = element.current?.parentElement;
      if (!element.current || !grid || event.button !== 0) return;
      event.preventDefault();
      const { left, top, height } = element.current.getBoundingClientRect();
      const ends = columnEnds(grid).filter((end) => end > left + 1);
      const rowHeight = height / placed.rows;
      const columnsNow = gridColumns();
      let shown = shownColumns(placed.columns, columnsNow);
      let { rows } = placed;
      const ending = new AbortController();
      const { signal } = ending;
      const end = () => {
        ending.abort();
        delete document.body.dataset.arranging;
      };
      document.body.dataset.arranging = "resize";
      window.addEventListener(
        "pointermove",
        ({ clientX, clientY }) => {
          const wide = nearest(ends, clientX) + 1;
          const high = Math.max(1, Math.min(MAX_ROWS, Math.round((clientY - top) / rowHeight)));
          if (wide === shown && high === rows) return;
          const columns = wide === shown ? {} : { columns: columnsFromAddress(wide, columnsNow) };
          shown = wide;
          rows = high;
          resize(panel, { ...columns, rows });
        },
        { signal },
      );
      window.addEventListener("pointerup", end, { signal });
      window.addEventListener("pointercancel", end, { signal });
      window.addEventListener("keydown", ({ key }) => key === "Escape" && end(), { signal });
    },
    [panel, placed, element, resize],
  );
}

/** Returns the right edge of each grid column, in pixels of the window. */
function columnEnds(grid: HTMLElement): number[] {
  const { gridTemplateColumns, columnGap } = getComputedStyle(grid);
  const gap = Number.parseFloat(columnGap) || 0;
  let end = grid.getBoundingClientRect().left - gap;
  return gridTemplateColumns.split(" ").map((width) => {
    end += gap + Number.parseFloat(width);
    return end;
  });
}

function nearest(ends: readonly number[], x: number): number {
  return ends.reduce(
    (best, end, i) => (Math.abs(end - x) < Math.abs((ends[best] ?? 0) - x) ? i : best),
    0,
  );
}
