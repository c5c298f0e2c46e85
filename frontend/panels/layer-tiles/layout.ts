/** The positions of the tiles in a panel, in CSS pixels. */
export interface TileLayout {
  readonly columns: number;
  readonly rows: number;
  /** The size of one tile. */
  readonly width: number;
  readonly height: number;
  /** Returns the top left corner of a tile, below its label. */
  readonly place: (tile: number) => { readonly left: number; readonly top: number };
}

export interface TileSpace {
  /** The number of tiles. */
  readonly count: number;
  /** The number of cells in a tile. */
  readonly cells: { readonly rows: number; readonly columns: number };
  readonly width: number;
  readonly height: number;
  /** Device pixels per CSS pixel. If possible, cells are whole device pixels. */
  readonly ratio: number;
}

/** The height of the label above a tile, in pixels. */
export const LABEL = 14;
const GAP = { least: 5, most: 40 };

/**
 * Returns the grid with the largest tiles that shows all of them, in rows from bottom to top, as
 * layers are drawn.
 */
export function layoutTiles(space: TileSpace): TileLayout {
  const { count, cells, width, height, ratio } = space;
  let columns = 1;
  for (let tried = 2; tried <= count; tried++) {
    if (cellSize(space, tried) > cellSize(space, columns) * 1.001) columns = tried;
  }
  const rows = Math.ceil(count / columns);
  const cell = snap(Math.max(cellSize(space, columns), 1 / cells.columns), ratio);
  const tile = { width: cell * cells.columns, height: cell * cells.rows };
  const gapX = gapBetween(width - columns * tile.width, columns);
  const gapY = gapBetween(height - rows * (tile.height + LABEL), rows);
  const indent = Math.max(0, (width - columns * tile.width - (columns - 1) * gapX) / 2);
  const onGrid = (at: number) => Math.round(at * ratio) / ratio;
  return {
    columns,
    rows,
    ...tile,
    place: (at) => ({
      left: onGrid(indent + (at % columns) * (tile.width + gapX)),
      top: onGrid(LABEL + (rows - 1 - Math.floor(at / columns)) * (tile.height + LABEL + gapY)),
    }),
  };
}

/** Returns the size of a cell with this number of columns of tiles. */
function cellSize({ count, cells, width, height }: TileSpace, columns: number): number {
  const rows = Math.ceil(count / columns);
  const wide = (width - (columns - 1) * GAP.least) / columns / cells.columns;
  const high = (height - (rows - 1) * GAP.least - rows * LABEL) / rows / cells.rows;
  return Math.min(wide, high);
}

/**
 * Rounds down to whole device pixels, unless cells are so small that too much room would be lost.
 */
const snap = (size: number, ratio: number) =>
  size * ratio >= 3 ? Math.floor(size * ratio) / ratio : size;

const gapBetween = (room: number, count: number) =>
  count > 1 ? Math.max(0, Math.min(GAP.most, room / (count - 1))) : 0;

/** A cell of a layer's tile. */
export interface TileCell {
  readonly layer: number;
  readonly row: number;
  readonly column: number;
}

export interface TileGrid {
  /** The layers that are shown, in order. */
  readonly layers: readonly number[];
  readonly cells: { readonly rows: number; readonly columns: number };
  readonly layout: TileLayout;
}

/** Returns the cell at a point; null between tiles. */
export function cellAt({ layers, cells, layout }: TileGrid, x: number, y: number): TileCell | null {
  for (const [at, layer] of layers.entries()) {
    const { left, top } = layout.place(at);
    const column = Math.floor(((x - left) / layout.width) * cells.columns);
    const row = Math.floor(((y - top) / layout.height) * cells.rows);
    const within = column >= 0 && row >= 0 && column < cells.columns && row < cells.rows;
    if (within) return { layer, row, column };
  }
  return null;
}

/** Returns the cell that a key moves to, possibly in the next tile; null for other keys. */
export function cellAfter(grid: TileGrid, cell: TileCell | null, key: string): TileCell | null {
  const move = MOVES[key];
  if (!move) return null;
  const { layers, cells, layout } = grid;
  if (!cell) return { layer: layers[0] ?? 0, row: 0, column: 0 };
  const at = Math.max(0, layers.indexOf(cell.layer));
  if (move.layers) return { ...cell, layer: layers[at + move.layers] ?? cell.layer };
  const column = cell.column + (move.x ?? 0);
  const row = cell.row + (move.y ?? 0);
  const across = column < 0 ? -1 : column >= cells.columns ? 1 : 0;
  const down = row < 0 ? -1 : row >= cells.rows ? 1 : 0;
  if (across === 0 && down === 0) return { ...cell, row, column };
  // Moves right and left only within a row of tiles.
  const sideways = Math.floor(at / layout.columns) === Math.floor((at + across) / layout.columns);
  const next = sideways ? layers[at + across - down * layout.columns] : undefined;
  if (next === undefined) return cell;
  const wrap = (place: number, count: number) => (place + count) % count;
  return { layer: next, row: wrap(row, cells.rows), column: wrap(column, cells.columns) };
}

const MOVES: Record<string, { x?: number; y?: number; layers?: number }> = {
  ArrowRight: { x: 1 },
  ArrowLeft: { x: -1 },
  ArrowDown: { y: 1 },
  ArrowUp: { y: -1 },
  PageDown: { layers: 1 },
  PageUp: { layers: -1 },
};
