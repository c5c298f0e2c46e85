/** Where tiles stand in a panel of any size, in CSS pixels. */
export interface TileLayout {
  readonly columns: number;
  readonly rows: number;
  /** Size of one tile. */
  readonly width: number;
  readonly height: number;
  /** Left upper corner of a tile, under its label. */
  readonly place: (tile: number) => { readonly left: number; readonly top: number };
}

export interface TileSpace {
  /** How many tiles there are. */
  readonly count: number;
  /** Cells of a tile. */
  readonly cells: { readonly rows: number; readonly columns: number };
  readonly width: number;
  readonly height: number;
  /** Device pixels a CSS pixel; cells are whole device pixels where they can be. */
  readonly ratio: number;
}

/** Room above a tile for the number of its layer. */
export const LABEL = 14;
const GAP = { least: 5, most: 40 };

/** The grid in which tiles are largest; all of them are seen at once. */
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
      top: onGrid(LABEL + Math.floor(at / columns) * (tile.height + LABEL + gapY)),
    }),
  };
}

/** The size of a cell with so many tiles side by side. */
function cellSize({ count, cells, width, height }: TileSpace, columns: number): number {
  const rows = Math.ceil(count / columns);
  const wide = (width - (columns - 1) * GAP.least) / columns / cells.columns;
  const high = (height - (rows - 1) * GAP.least - rows * LABEL) / rows / cells.rows;
  return Math.min(wide, high);
}

/** Whole device pixels, unless so much room would be lost that tiles become small. */
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

/** The cell under a point, or null between the tiles. */
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

/** Where a key leads from a cell: to its neighbour, over the edge to the next tile; else null. */
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
  // Within a row of tiles sideways, and straight up and down.
  const sideways = Math.floor(at / layout.columns) === Math.floor((at + across) / layout.columns);
  const next = sideways ? layers[at + across + down * layout.columns] : undefined;
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
