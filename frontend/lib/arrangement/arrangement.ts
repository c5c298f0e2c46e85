/** One open panel: which, and how many columns and rows of the grid it takes. */
export interface Placed {
  readonly id: string;
  readonly columns: number;
  readonly rows: number;
}

/** The open panels in their order on the page. */
export type Arrangement = readonly Placed[];

export type Size = Pick<Placed, "columns" | "rows">;

export const MAX_COLUMNS = 4;
export const MAX_ROWS = 3;

/** Open at the end; one that is open stays where it is. */
export function opened(arrangement: Arrangement, panel: Placed): Arrangement {
  return arrangement.some(({ id }) => id === panel.id) ? arrangement : [...arrangement, panel];
}

export const hidden = (arrangement: Arrangement, panel: string): Arrangement =>
  arrangement.filter(({ id }) => id !== panel);

/** Put before the panel that now has this place, counted without the one that moves. */
export function moved(arrangement: Arrangement, panel: string, place: number): Arrangement {
  const mover = arrangement.find(({ id }) => id === panel);
  if (!mover) return arrangement;
  const others = hidden(arrangement, panel);
  const to = Math.max(0, Math.min(others.length, place));
  return [...others.slice(0, to), mover, ...others.slice(to)];
}

export function resized(arrangement: Arrangement, panel: string, size: Partial<Size>): Arrangement {
  return arrangement.map((placed) =>
    placed.id === panel ? { ...placed, ...clamped({ ...placed, ...size }) } : placed,
  );
}

const clamped = ({ columns, rows }: Size): Size => ({
  columns: Math.max(1, Math.min(MAX_COLUMNS, Math.round(columns))),
  rows: Math.max(1, Math.min(MAX_ROWS, Math.round(rows))),
});

/**
 * The width that follows on a grid of so many columns: on one of two, a panel takes one of them up
 * to half the page and both beyond.
 */
export function nextColumns(columns: number, direction: 1 | -1, gridColumns: number): number {
  if (gridColumns >= MAX_COLUMNS) return Math.max(1, Math.min(MAX_COLUMNS, columns + direction));
  if (gridColumns < 2) return columns;
  const wide = shownColumns(columns, gridColumns) === 2;
  if (direction === 1) return wide ? columns : MAX_COLUMNS;
  return wide ? MAX_COLUMNS / 2 : columns;
}

/** How many of the grid's columns a panel takes that asks for so many of four. */
export function shownColumns(columns: number, gridColumns: number): number {
  if (gridColumns >= MAX_COLUMNS) return columns;
  return gridColumns === 2 && columns > MAX_COLUMNS / 2 ? 2 : 1;
}

/** The other way about: what to ask for, to take so many of the grid's columns. */
export function askedColumns(shown: number, gridColumns: number): number {
  return gridColumns >= MAX_COLUMNS ? shown : shown * (MAX_COLUMNS / 2);
}

/**
 * As it stands in a link: `generated-text.trends*2x1`, panels in order, a size where it is not the
 * panel's own. None of these characters is changed in an address.
 */
export function encodeArrangement(
  arrangement: Arrangement,
  ownSize: (id: string) => Size | undefined,
): string {
  return arrangement
    .map(({ id, columns, rows }) => {
      const own = ownSize(id);
      return own?.columns === columns && own.rows === rows ? id : `${id}*${columns}x${rows}`;
    })
    .join(".");
}

/** Sizes are brought into range; a panel named twice stands where it is named first. */
export function decodeArrangement(
  code: string,
  ownSize: (id: string) => Size | undefined,
): Arrangement {
  return code.split(".").reduce<Arrangement>((arrangement, part) => {
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
