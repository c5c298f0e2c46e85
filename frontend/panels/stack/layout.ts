import type { Band } from "./facts";

/** A column of the picture: a token, or the tokens between two columns that have no room. */
export type Place =
  | { readonly kind: "token"; readonly position: number; readonly x: number }
  | { readonly kind: "gap"; readonly first: number; readonly last: number; readonly x: number };

export interface StackLayout {
  readonly places: readonly Place[];
  /**
   * Whether the shown token is the only column, for lack of room; the tokens that attention reads are
   * then named at its left.
   */
  readonly single: boolean;
  /** The x of the column whose prediction is shown. It is the last. */
  readonly x: number;
  readonly columnWidth: number;
  /** From the first layer, which is at the bottom. */
  readonly bands: readonly Band[];
  readonly bandHeight: number;
  /** The y where the first layer begins. */
  readonly bottom: number;
  readonly top: number;
  /** How many candidates have room above the layers. */
  readonly candidates: number;
  readonly width: number;
  readonly height: number;
  /** How many pixels stand for one pixel of a drawing; texts are larger by it. */
  readonly unit: number;
}

// Sizes in pixels of a drawing.
const MIN_COLUMN = 54;
const MAX_COLUMN = 112;
const GAP = 22;
const LEFT = 46;
/** The width of the labels at the right. */
const RIGHT = 184;
/** The width of the only column, and where it stands between the layers' names and the right edge. */
const SINGLE = { width: 56, at: 0.44 };
/** The width of the picture, in pixels, below which it has one column and its headline above it. */
export const NARROW = 480;
/** How many candidates stand above the picture, in high and in low ones. */
const CANDIDATES = { high: 5, low: 3 };
const CANDIDATE = 18;
/** The height of the picture, in pixels, below which it is low. */
const LOW = 340;
/** Room for the tokens below. */
const BOTTOM = 26;
const MIN_BAND = 16;

type Room = Pick<StackLayout, "width" | "height" | "unit">;

/**
 * Places columns and layers.
 *
 * @param last the position whose prediction is shown
 * @param layers the number of layers
 * @param strong positions that attention reads, strongest first; those before the window of the
 *   last tokens get columns of their own
 * @param open a layer to show by itself, with its neighbours, if there is no room for all layers
 */
export function layOutStack(
  { width, height, unit }: Room,
  last: number,
  layers: number,
  strong: readonly number[],
  open: number | null,
): StackLayout {
  const left = LEFT * unit;
  const rows = rowsOf({ height, unit }, layers, open);
  if (width < NARROW * unit) {
    const x = left + Math.max(0, width - left) * SINGLE.at;
    return {
      ...rows,
      single: true,
      places: [{ kind: "token", position: last, x }],
      x,
      columnWidth: SINGLE.width * unit,
      width,
      height,
      unit,
    };
  }
  const right = unit * RIGHT;
  const gap = GAP * unit;
  const least = MIN_COLUMN * unit;
  const room = Math.max(least, width - left - right);
  const positions = shownPositions(last, Math.max(1, Math.floor(room / least)), strong);
  const gaps = positions.filter((position, i) => position > (positions[i - 1] ?? -1) + 1).length;
  const columnWidth = Math.min(MAX_COLUMN * unit, (room - gaps * gap) / positions.length);
  const places: Place[] = [];
  let x = left + Math.max(0, room - gaps * gap - columnWidth * positions.length);
  positions.forEach((position, i) => {
    const before = (positions[i - 1] ?? -1) + 1;
    if (position > before) {
      places.push({ kind: "gap", first: before, last: position - 1, x: x + gap / 2 });
      x += gap;
    }
    places.push({ kind: "token", position, x: x + columnWidth / 2 });
    x += columnWidth;
  });
  const shown = places.at(-1)?.x ?? 0;
  return { ...rows, single: false, places, x: shown, columnWidth, width, height, unit };
}

type Rows = Pick<StackLayout, "bands" | "bandHeight" | "bottom" | "top" | "candidates">;

/** Places the candidates and, below them, the layers. */
function rowsOf(
  { height, unit }: Pick<Room, "height" | "unit">,
  layers: number,
  open: number | null,
): Rows {
  const candidates = height < LOW * unit ? CANDIDATES.low : CANDIDATES.high;
  const top = (candidates * CANDIDATE + 22) * unit;
  const low = MIN_BAND * unit;
  const bottom = Math.max(top + low, height - BOTTOM * unit);
  const bands = bandsOf(layers, Math.max(1, Math.floor((bottom - top) / low)), open);
  return { bands, bandHeight: (bottom - top) / Math.max(1, bands.length), bottom, top, candidates };
}

/** The y of a candidate's row. */
export const candidateY = ({ unit }: StackLayout, row: number): number =>
  unit * (14 + row * CANDIDATE);

/**
 * Returns at most `count` positions to show: the newest, and before them the first token and the
 * strongest sources.
 */
export function shownPositions(last: number, count: number, strong: readonly number[]): number[] {
  const everything = Array.from({ length: last + 1 }, (_, position) => position);
  if (last < count) return everything;
  const anchors = count < 4 ? 0 : Math.min(4, Math.floor(count / 3));
  let start = last + 1 - (count - anchors);
  const wanted = [...new Set([0, ...strong])].filter((position) => position < start);
  const chosen = wanted.slice(0, anchors);
  const shown = () => everything.filter((each) => each >= start || chosen.includes(each));
  // With fewer sources there is room for more of the newest tokens, which may be sources themselves.
  while (shown().length < count) start--;
  return shown();
}

/** How many layers on each side of the open one are shown by themselves. */
const NEIGHBOURS = 1;

/** Returns at most `room` bands: the open layer and its neighbours alone, the others in groups. */
export function bandsOf(layers: number, room: number, open: number | null): Band[] {
  if (layers <= room) return Array.from({ length: layers }, (_, each) => band(each, each));
  const from = open === null ? layers : Math.max(0, open - NEIGHBOURS);
  const to = open === null ? layers : Math.min(layers, open + NEIGHBOURS + 1);
  const alone = Array.from({ length: to - from }, (_, i) => band(from + i, from + i));
  // Groups on both sides of the open layer can be one more than one side would need.
  const left = alone.length > 0 ? room - alone.length - 1 : room;
  const each = Math.ceil((layers - alone.length) / Math.max(1, left));
  return [...grouped(0, from, each), ...alone, ...grouped(to, layers, each)];
}

const band = (first: number, last: number): Band => ({ first, last });

/** Splits layers `from` to `to` (exclusive) into groups of at most `size`, as equal as possible. */
function grouped(from: number, to: number, size: number): Band[] {
  const count = Math.ceil((to - from) / size);
  const edge = (i: number) => from + Math.round(((to - from) * i) / count);
  return Array.from({ length: count }, (_, i) => band(edge(i), edge(i + 1) - 1));
}

/** Returns the x of a position, or of the gap that contains it; null if it is not in the picture. */
export function xOf({ places }: StackLayout, position: number): number | null {
  const place = places.find((each) =>
    each.kind === "token"
      ? each.position === position
      : each.first <= position && position <= each.last,
  );
  return place?.x ?? null;
}

/** Returns the y of a share of a band's height, from its bottom. */
export const yOf = ({ bottom, bandHeight }: StackLayout, index: number, share = 0): number =>
  bottom - (index + share) * bandHeight;

/** Where attention and MLP stand in a band: attention first, as the model computes them. */
export const AT = { attention: 0.28, mlp: 0.72 } as const;
