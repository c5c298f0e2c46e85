"use client";

import { type KeyboardEvent, useState } from "react";

export interface GridCell {
  readonly row: number;
  readonly column: number;
}

/** A cell of a picture, walked with the arrow keys; what is said of it is said once. */
export function useGridCursor(rows: number, columns: number, say: (cell: GridCell) => string) {
  const [cell, setCell] = useState<GridCell | null>(null);
  const [said, setSaid] = useState("");
  const onKeyDown = (event: KeyboardEvent) => {
    const next = neighbour(cell, event.key, rows, columns);
    if (!next) return;
    event.preventDefault();
    setCell(next);
    setSaid(say(next));
  };
  const inside = cell && cell.row < rows && cell.column < columns ? cell : null;
  return { cell: inside, setCell, said, onKeyDown };
}

function neighbour(
  cell: GridCell | null,
  key: string,
  rows: number,
  columns: number,
): GridCell | null {
  const { row, column } = cell ?? { row: 0, column: -1 };
  const to = (r: number, c: number) => ({
    row: Math.max(0, Math.min(rows - 1, r)),
    column: Math.max(0, Math.min(columns - 1, c)),
  });
  if (key === "ArrowRight") return to(row, column + 1);
  if (key === "ArrowLeft") return to(row, column - 1);
  if (key === "ArrowDown") return to(row + 1, column);
  if (key === "ArrowUp") return to(row - 1, column);
  if (key === "Home") return to(row, 0);
  return key === "End" ? to(row, columns - 1) : null;
}
