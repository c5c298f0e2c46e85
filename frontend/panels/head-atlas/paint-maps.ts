import { once } from "@/lib/caching/cache";
import { pixelOf } from "@/lib/colour/pixels";
import type { Theme } from "@/lib/colour/ramp";
import { attentionPixels } from "@/panels/attention-shared/attention-ramp";
import { type ShadeScale, shadeOf } from "@/panels/attention-shared/scale";
import type { Placed } from "./layout";
import type { MapWindow } from "./map-window";
import { type Query, sizeOf, weightOn } from "./queries";

/** What all maps have in common. */
export interface Maps {
  readonly window: MapWindow;
  /** Those of the window; null for one that was not measured. */
  readonly queries: readonly (Query | null)[];
  readonly scale: ShadeScale;
  readonly leaveOutFirst: boolean;
  readonly theme: Theme;
  /** Canvas pixels per CSS pixel. */
  readonly ratio: number;
}

/** The width of the column of the first token, where it is before the window, and its distance. */
const FIRST = { width: 3, gap: 1 } as const;

/**
 * Draws the maps of a line of heads, of `size` pixels each: a row of pixels is a query, a column a
 * key. Keys after the query, and weights that were not measured, stay transparent.
 */
export function paintLine(
  canvas: HTMLCanvasElement,
  heads: readonly Placed[],
  size: number,
  maps: Maps,
): void {
  const { ratio, window } = maps;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(size * ratio);
  const context = width > 0 && height > 0 ? canvas.getContext("2d") : null;
  if (!context) return;
  canvas.width = width;
  canvas.height = height;
  // The first column of a map is that of the first token.
  const block = window.count + 1;
  const image = new ImageData(block * heads.length, window.count);
  const pixels = new Uint32Array(image.data.buffer);
  heads.forEach((head, i) => {
    fill(pixels, i * block, image.width, head, maps);
  });
  const small = smallCanvas();
  small.width = image.width;
  small.height = image.height;
  small.getContext("2d")?.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  const isCut = window.first > 0;
  const indent = isCut ? Math.round((FIRST.width + FIRST.gap) * ratio) : 0;
  heads.forEach(({ left }, i) => {
    const x = Math.round(left * ratio);
    const { count } = window;
    if (isCut) {
      const strip = Math.round(FIRST.width * ratio);
      context.drawImage(small, i * block, 0, 1, count, x, 0, strip, height);
    }
    const begin = x + indent;
    context.drawImage(small, i * block + 1, 0, count, count, begin, 0, height - indent, height);
  });
}

/** One canvas for all lines, because a line is drawn synchronously. */
const smallCanvas = once(() => document.createElement("canvas"));

/** Sets the pixels of one map, whose first column is that of the first token. */
function fill(
  pixels: Uint32Array,
  from: number,
  width: number,
  { layer, head }: Placed,
  { window, queries, scale, leaveOutFirst, theme }: Maps,
): void {
  const table = attentionPixels(theme);
  const { first } = window;
  queries.forEach((query, row) => {
    if (!query || !hasHead(query, layer, head)) return;
    const start = from + row * width;
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
      const { positions, weights } = query.heads;
      const position = positions[layer]?.[head] ?? null;
      const [, heads = 0, numbers = 0] = weights.shape;
      const at = (layer * heads + head) * numbers + 1;
      if (position !== null) put(position, weights.values[at] ?? Number.NaN);
      return;
    }
    const { values, scale: unit, shape } = query.shares;
    const at = (layer * (shape[1] ?? 0) + head) * query.stride + query.offset;
    for (let key = first; key <= first + row; key++) put(key, (values[at + key] as number) * unit);
  });
}

function hasHead(query: Query, layer: number, head: number): boolean {
  const { layers, heads } = sizeOf(query);
  return layer < layers && head < heads;
}
