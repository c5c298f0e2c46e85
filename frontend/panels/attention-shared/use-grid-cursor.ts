"use client";

import { type KeyboardEvent, useState } from "react";
import { cellAfter, type GridCell } from "@/components/charts/grid-keys";

/**
 * A cell cursor that is moved with the arrow keys. `say` gives the announcement for screen readers
 * of a cell, which is made only when a key moves the cursor.
 */
export function useGridCursor(rows: number, columns: number, say: (cell: GridCell) => string) {
  const [cell, setCell] = useState<GridCell | null>(null);
  const [said, setSaid] = useState("");
  const onKeyDown = (event: KeyboardEvent) => {
    const next = cellAfter(cell, event.key, { rows, columns });
    if (!next) return;
    event.preventDefault();
    setCell(next);
    setSaid(say(next));
  };
  const inside = cell && cell.row < rows && cell.column < columns ? cell : null;
  return { cell: inside, setCell, said, onKeyDown };
}
