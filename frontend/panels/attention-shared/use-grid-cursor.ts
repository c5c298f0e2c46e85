"use client";

import { type KeyboardEvent, useState } from "react";
import { cellAfter, type GridCell } from "@/components/charts/grid-keys";

interface Grid {
  rows: number;
  columns: number;
  /** Whether the first row is at the bottom. */
  upwards?: boolean;
}

/**
 * A cell cursor that is moved with the arrow keys. `say` gives the announcement for screen readers
 * of a cell, which is made only when a key moves the cursor. `walked` is the cell to which a key
 * moved last, so that it can be scrolled into view.
 */
export function useGridCursor(grid: Grid, say: (cell: GridCell) => string) {
  const { rows, columns } = grid;
  const [cell, setCell] = useState<GridCell | null>(null);
  const [walked, setWalked] = useState<GridCell | null>(null);
  const [said, setSaid] = useState("");
  const onKeyDown = (event: KeyboardEvent) => {
    const next = cellAfter(cell, event.key, grid);
    if (!next) return;
    event.preventDefault();
    setCell(next);
    setWalked(next);
    setSaid(say(next));
  };
  const inside = cell && cell.row < rows && cell.column < columns ? cell : null;
  return { cell: inside, walked, setCell, said, onKeyDown };
}
