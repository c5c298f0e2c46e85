import { once } from "@/lib/caching/cache";
import { pixelOf, rampPixels } from "@/lib/colour/pixels";
import type { Theme } from "@/lib/colour/ramp";
import { type ShadeScale, shadeOf } from "@/panels/attention-shared/scale";
import type { Placed } from "./layout";
import type { MapWindow } from "./map-window";
import { isSameQuery, type Query, sizeOf, weightOn } from "./queries";

/** How weights are drawn. */
export interface Look {
  readonly scale: ShadeScale;
  readonly leaveOutFirst: boolean;
  readonly theme: Theme;
  /** Canvas pixels per CSS pixel. */
  readonly ratio: number;
}

/** What all maps have in common. */
export interface Maps {
  readonly window: MapWindow;
  /** Those of the window; null for one that was not measured. */
  readonly queries: readonly (Query | null)[];
  readonly look: Look;
}

/** A line of maps with a pixel for each weight, of which only changed queries are drawn again. */
export interface LinePixels {
  readonly image: ImageData;
  readonly heads: readonly Placed[];
  readonly maps: Maps;
}

/** The width of the column of the first token, where it is before the window, and its distance. */
export const FIRST = { width: 3, gap: 1 } as const;

/**
 * Draws the maps of a line of heads, of `size` pixels each: a row of pixels is a query, a column a
 * key. Keys after the query, and weights that were not measured, stay transparent.
 *
 * @param before what was returned for this line last
 */
export function paintLine(
  canvas: HTMLCanvasElement,
  heads: readonly Placed[],
  size: number,
  maps: Maps,
  before: LinePixels | null,
): LinePixels | null {
  const { ratio } = maps.look;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(size * ratio);
  const context = width > 0 && height > 0 ? canvas.getContext("2d") : null;
  if (!context) return null;
  const pixels = pixelsOf(heads, maps, before);
  const { image } = pixels;
  const small = smallCanvas();
  if (small.width !== image.width || small.height !== image.height) {
    small.width = image.width;
    small.height = image.height;
  }
  small.getContext("2d")?.putImageData(image, 0, 0);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  } else context.clearRect(0, 0, width, height);
  context.imageSmoothingEnabled = false;
  const { first, count } = maps.window;
  const strip = first > 0 ? Math.round(FIRST.width * ratio) : 0;
  const indent = first > 0 ? Math.round((FIRST.width + FIRST.gap) * ratio) : 0;
  heads.forEach(({ left }, i) => {
    const x = Math.round(left * ratio);
    const from = i * (count + 1);
    if (strip > 0) context.drawImage(small, from, 0, 1, count, x, 0, strip, height);
    context.drawImage(small, from + 1, 0, count, count, x + indent, 0, height - indent, height);
  });
  return pixels;
}

/** One canvas for all lines, because a line is drawn synchronously. */
const smallCanvas = once(() => document.createElement("canvas"));

function pixelsOf(heads: readonly Placed[], maps: Maps, before: LinePixels | null): LinePixels {
  const { window, queries, look } = maps;
  const old = before?.maps;
  const isSame =
    before?.heads === heads &&
    old?.look === look &&
    old.window.first === window.first &&
    old.window.count === window.count;
  // The first column of a map is that of the first token.
  const block = window.count + 1;
  const image = isSame ? before.image : new ImageData(block * heads.length, window.count);
  const pixels = new Uint32Array(image.data.buffer);
  queries.forEach((query, row) => {
    if (isSame && isSameQuery(query, old.queries[row] ?? null)) return;
    const start = row * image.width;
    pixels.fill(0, start, start + image.width);
    if (!query) return;
    heads.forEach((head, i) => {
      fill(pixels, start + i * block, query, row, head, maps);
    });
  });
  return { image, heads, maps };
}

/** Sets the pixels of one query of one head, the first of which is that of the first token. */
function fill(
  pixels: Uint32Array,
  start: number,
  query: Query,
  row: number,
  { layer, head }: Placed,
  { window: { first }, look: { scale, leaveOutFirst, theme } }: Maps,
): void {
  const { layers, heads } = sizeOf(query);
  if (layer >= layers || head >= heads) return;
  const table = rampPixels("attention", theme);
  const sink = weightOn(query, layer, head, 0);
  const rest = leaveOutFirst ? 1 - sink : 1;
  const put = (key: number, weight: number): void => {
    if (key === 0 && leaveOutFirst) return;
    const pixel = pixelOf(table, rest < 1e-6 ? 0 : shadeOf(weight / rest, scale));
    if (key === 0) pixels[start] = pixel;
    if (key >= first && key <= first + row) pixels[start + 1 + key - first] = pixel;
  };
  put(0, sink);
  if (query.kind === "strongest") {
    const position = query.heads.positions[layer]?.[head] ?? null;
    if (position !== null) put(position, weightOn(query, layer, head, position));
    return;
  }
  for (let key = Math.max(1, first); key <= first + row; key++) {
    put(key, weightOn(query, layer, head, key));
  }
}
