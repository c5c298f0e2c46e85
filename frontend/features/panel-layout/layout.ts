/** An open panel, with its width in columns and its height in rows of the grid. */
export interface Placed {
  readonly id: string;
  readonly columns: number;
  readonly rows: number;
}

/** The open panels, in the order of the page. */
export type PanelLayout = readonly Placed[];

export type Size = Pick<Placed, "columns" | "rows">;

export const MAX_COLUMNS = 4;
export const MAX_ROWS = 3;

/** Adds a panel at the end, unless it is already open. */
export function opened(arrangement: PanelLayout, panel: Placed): PanelLayout {
  return arrangement.some(({ id }) => id === panel.id) ? arrangement : [...arrangement, panel];
}

export const hidden = (arrangement: PanelLayout, panel: string): PanelLayout =>
  arrangement.filter(({ id }) => id !== panel);

/** Moves a panel to this index, which is counted without the moved panel. */
export function moved(arrangement: PanelLayout, panel: string, place: number): PanelLayout {
  const mover = arrangement.find(({ id }) => id === panel);
  if (!mover) return arrangement;
  const others = hidden(arrangement, panel);
  const to = Math.max(0, Math.min(others.length, place));
  return [...others.slice(0, to), mover, ...others.slice(to)];
}

export function resized(arrangement: PanelLayout, panel: string, size: Partial<Size>): PanelLayout {
  return arrangement.map((placed) =>
    placed.id === panel ? { ...placed, ...clamped({ ...placed, ...size }) } : placed,
  );
}

const clamped = ({ columns, rows }: Size): Size => ({
  columns: Math.max(1, Math.min(MAX_COLUMNS, Math.round(columns))),
  rows: Math.max(1, Math.min(MAX_ROWS, Math.round(rows))),
});

/**
 * Returns the next larger or smaller width. In a grid of two columns there are only two widths:
 * half of the page, and all of it.
 */
export function nextColumns(columns: number, direction: 1 | -1, gridColumns: number): number {
  if (gridColumns >= MAX_COLUMNS) return Math.max(1, Math.min(MAX_COLUMNS, columns + direction));
  if (gridColumns < 2) return columns;
  const wide = shownColumns(columns, gridColumns) === 2;
  if (direction === 1) return wide ? columns : MAX_COLUMNS;
  return wide ? MAX_COLUMNS / 2 : columns;
}

/**
 * Returns how many columns of the current grid a panel takes, given its width in a grid of four.
 */
export function shownColumns(columns: number, gridColumns: number): number {
  if (gridColumns >= MAX_COLUMNS) return columns;
  return gridColumns === 2 && columns > MAX_COLUMNS / 2 ? 2 : 1;
}

/** The inverse of shownColumns. */
export function columnsFromAddress(shown: number, gridColumns: number): number {
  return gridColumns >= MAX_COLUMNS ? shown : shown * (MAX_COLUMNS / 2);
}

/**
 * Encodes an arrangement for a link: `generated-text.trends*2x1` are the panels in order, with the
 * size if it is not the panel's own. None of these characters is percent-encoded.
 */
export function encodeLayout(
  arrangement: PanelLayout,
  ownSize: (id: string) => Size | undefined,
): string {
  return arrangement
    .map(({ id, columns, rows }) => {
      const own = ownSize(id);
      return own?.columns === columns && own.rows === rows ? id : `${id}*${columns}x${rows}`;
    })
    .join(".");
}

/** Decodes an arrangement. Sizes are limited to the valid range; duplicates are ignored. */
export function decodeLayout(code: string, ownSize: (id: string) => Size | undefined): PanelLayout {
  return code.split(".").reduce<PanelLayout>((arrangement, part) => {
    const [id = "", size] = part.split("*");
    if (id === "") return arrangement;
    const own = ownSize(id) ?? { columns: 1, rows: 1 };
    const [columns, rows] =
      /^(\d+)x(\d+)$/
        .exec(size ?? "")
        ?.slice(1)
        .map(Number) ?? [];
    return opened(arrangement, {
      id,
      ...clamped({ columns: columns ?? own.columns, rows: rows ?? own.rows }),
    });
  }, []);
}
