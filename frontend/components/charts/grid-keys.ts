/** A cell of a grid. */
export interface GridCell {
  readonly row: number;
  readonly column: number;
}

interface Grid {
  readonly rows: number;
  readonly columns: number;
  /** Whether the first row is at the bottom, as layers are drawn; otherwise it is at the top. */
  readonly upwards?: boolean;
}

/** Returns the cell to which a key moves, or null for other keys. `cell` is null at the first key. */
export function cellAfter(cell: GridCell | null, key: string, grid: Grid): GridCell | null {
  const { row, column } = cell ?? { row: 0, column: -1 };
  const to = (r: number, c: number) => ({
    row: Math.max(0, Math.min(grid.rows - 1, r)),
    column: Math.max(0, Math.min(grid.columns - 1, c)),
  });
  if (key === "ArrowRight") return to(row, column + 1);
  if (key === "ArrowLeft") return to(row, column - 1);
  const down = grid.upwards ? -1 : 1;
  if (key === "ArrowDown") return to(row + down, column);
  if (key === "ArrowUp") return to(row - down, column);
  if (key === "Home") return to(row, 0);
  return key === "End" ? to(row, grid.columns - 1) : null;
}
