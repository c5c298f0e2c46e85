import type { GridCell } from "@/components/charts/grid-keys";
import type { Head } from "./selection";

/** Where the map of a head stands, in pixels. */
export interface Placed extends Head {
  /** From the left of the picture. */
  readonly left: number;
  /** The cell of the keyboard's grid. */
  readonly cell: GridCell;
}

/** Maps beside each other. */
export interface Line {
  readonly top: number;
  readonly label: string;
  readonly heads: readonly Placed[];
}

export interface AtlasLayout {
  readonly lines: readonly Line[];
  /** Lines that scroll as one: a layer has all of its lines. */
  readonly rows: number;
  readonly rowHeight: number;
  /** The size of a map. */
  readonly map: number;
  /** The distances between maps. */
  readonly across: number;
  readonly down: number;
  /** Whether there is room for words beside a map. */
  readonly beside: boolean;
  /** The keyboard's grid. */
  readonly grid: { readonly rows: number; readonly columns: number; readonly upwards: boolean };
}

export interface Room {
  readonly width: number;
  readonly height: number;
}

/** The room of the labels of lines at the left. */
export const GUTTER = 24;
const GAP = 5;
/** The least and the most distance between maps, and the least at which they are not scrolled. */
const LEAST = 34;
const MOST = 176;
const UNSCROLLED = 36;
/** The distance between maps that are scrolled, and where there are words beside them. */
const SCROLLED = { usual: 60, beside: 88 } as const;
/** The room that words beside a map need. */
const WORDS = 66;

/**
 * Places layers from bottom to top, heads from left to right. Heads of a layer that do not fit beside
 * each other take further lines.
 */
export function layOutGrid(
  { width, height }: Room,
  [first, last]: readonly [number, number],
  heads: number,
): AtlasLayout {
  const room = Math.max(LEAST, width - GUTTER);
  const count = last - first + 1;
  const perLayer = Math.ceil((heads * LEAST) / room);
  const columns = Math.ceil(heads / perLayer);
  const across = Math.min(MOST + WORDS, room / columns);
  const ideal = height / (count * perLayer);
  const scrolled = across - WORDS >= SCROLLED.beside ? SCROLLED.beside : SCROLLED.usual;
  const down = Math.min(MOST, ideal >= UNSCROLLED ? ideal : Math.min(across, scrolled));
  const rowHeight = Math.max(down * perLayer, height / count);
  const lines: Line[] = [];
  for (let layer = last; layer >= first; layer--) {
    for (let line = 0; line < perLayer; line++) {
      const from = line * columns;
      const here = Array.from({ length: Math.min(columns, heads - from) }, (_, i) => ({
        layer,
        head: from + i,
        left: GUTTER + i * across,
        cell: { row: layer - first, column: from + i },
      }));
      lines.push({
        top: (last - layer) * rowHeight + line * down + (rowHeight - down * perLayer) / 2,
        label: line === 0 ? String(layer) : `+${from}`,
        heads: here,
      });
    }
  }
  const map = Math.floor(Math.min(across, down)) - GAP;
  return {
    ...{ lines, rows: count, rowHeight, map, across, down },
    beside: across - map >= WORDS,
    grid: { rows: count, columns: heads, upwards: true },
  };
}

/** The sizes of maps in a list, and the room of the words and gaps beside and below a map. */
const LIST = { maps: [144, 112, 84, 60], beside: 88, below: 12, indent: 2 } as const;

/** Places heads one after the other, in lines from top to bottom, with the largest maps that fit. */
export function layOutList({ width, height }: Room, heads: readonly Head[]): AtlasLayout {
  const perLine = (map: number) => Math.max(1, Math.floor(width / (map + LIST.beside)));
  const map =
    LIST.maps.find(
      (each) => Math.ceil(heads.length / perLine(each)) * (each + LIST.below) <= height,
    ) ??
    LIST.maps[LIST.maps.length - 1] ??
    0;
  const columns = perLine(map);
  const across = Math.min(width / columns, map + 2 * LIST.beside);
  const down = map + LIST.below;
  const rows = Math.ceil(heads.length / columns);
  const lines = Array.from({ length: rows }, (_, row) => ({
    top: row * down,
    label: "",
    heads: heads.slice(row * columns, (row + 1) * columns).map((head, column) => ({
      ...head,
      left: LIST.indent + column * across,
      cell: { row, column },
    })),
  }));
  return {
    ...{ lines, rows, rowHeight: down, map, across, down },
    beside: true,
    grid: { rows, columns, upwards: false },
  };
}

/** Returns the head at a point of the picture; null between heads. */
export function headAt({ lines, across, down }: AtlasLayout, x: number, y: number): Placed | null {
  const line = lines.find(({ top }) => top <= y && y < top + down);
  return line?.heads.find(({ left }) => left <= x && x < left + across) ?? null;
}

/** Returns the head of a cell of the keyboard's grid; null if there is none. */
export function headOf({ lines }: AtlasLayout, { row, column }: GridCell): Placed | null {
  for (const { heads } of lines) {
    const found = heads.find(({ cell }) => cell.row === row && cell.column === column);
    if (found) return found;
  }
  return null;
}

/** Returns the lines of which a part is between two heights. */
export const linesBetween = ({ lines, down }: AtlasLayout, top: number, bottom: number) =>
  lines.filter((line) => line.top + down > top && line.top < bottom);
