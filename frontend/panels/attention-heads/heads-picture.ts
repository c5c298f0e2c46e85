import { once } from "@/lib/caching/cache";
import { pixelOf, rampPixels } from "@/lib/colour/pixels";
import type { Theme } from "@/lib/colour/ramp";
import type { Shares } from "@/lib/contract/frames";
import { binsOf, largestIn } from "@/panels/attention-shared/bins";
import { type LeftOut, leavesOutFirst } from "@/panels/attention-shared/choice";
import { axesOf, hasAttention, isThere, numbersOf } from "@/panels/attention-shared/pattern";
import { type ShadeScale, shadeOf } from "@/panels/attention-shared/scale";

export interface HeadsPicture {
  readonly shares: Shares;
  /** The number of positions that the width of a strip covers. */
  readonly span: number;
  readonly scale: ShadeScale;
  readonly firstLeftOut: LeftOut;
  readonly theme: Theme;
  /** Canvas pixels per CSS pixel. */
  readonly ratio: number;
}

/** The gap between strips, in pixels. The gap before the mean is wider. */
const GAP = 3;
const MEAN_GAP = 10;

/** Returns the left edge and width of each column in pixels; the mean is the last. */
export function columnsOf(heads: number, width: number): { left: number; width: number }[] {
  const gaps = GAP * Math.max(0, heads - 1) + MEAN_GAP;
  const strip = Math.max(1, (width - gaps) / (heads + 1));
  return Array.from({ length: heads + 1 }, (_, column) => ({
    left: column * (strip + GAP) + (column === heads ? MEAN_GAP - GAP : 0),
    width: strip,
  }));
}

/**
 * Draws a strip for each head and for the mean of each layer, with one row of pixels per layer, the
 * first at the bottom.
 * Returns the largest number of positions that share a pixel.
 */
export function paintHeads(canvas: HTMLCanvasElement, picture: HeadsPicture): number {
  const { layers, heads } = axesOf(picture.shares);
  const { ratio } = picture;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  const context = width > 0 && height > 0 ? canvas.getContext("2d") : null;
  if (!context) return 1;
  canvas.width = width;
  canvas.height = height;
  const columns = columnsOf(heads, width / ratio);
  const image = new ImageData(width, layers);
  const pixels = new Uint32Array(image.data.buffer);
  let most = 1;
  columns.forEach((column, head) => {
    const left = Math.round(column.left * ratio);
    const strip = Math.min(width, Math.round((column.left + column.width) * ratio)) - left;
    most = paintColumn(pixels, picture, { head, left, strip, width });
  });
  const small = scratch(width, layers);
  small.getContext("2d")?.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, width, layers, 0, 0, width, height);
  const line = height / layers;
  context.fillStyle = getComputedStyle(canvas).color;
  for (let layer = 1; layer < layers; layer++) {
    context.clearRect(0, Math.round(layer * line) - 1, width, line > 12 * ratio ? 2 * ratio : 1);
  }
  // A layer without attention is drawn as a thin line.
  for (let layer = 0; layer < layers; layer++) {
    if (!hasAttention(picture.shares, layer))
      context.fillRect(0, Math.round((layers - layer - 0.5) * line), width, 1);
  }
  return most;
}

interface Column {
  readonly head: number;
  readonly left: number;
  readonly strip: number;
  readonly width: number;
}

function paintColumn(pixels: Uint32Array, picture: HeadsPicture, column: Column): number {
  const { shares, span, scale, theme } = picture;
  const { layers, heads } = axesOf(shares);
  const keys = shares.shape[2] ?? 0;
  const bins = binsOf(span, column.strip);
  const table = rampPixels("attention", theme);
  const isMean = column.head === heads;
  const leaveOutFirst = leavesOutFirst(picture.firstLeftOut, {
    layer: null,
    head: isMean ? null : column.head,
  });
  for (let layer = 0; layer < layers; layer++) {
    if (!isMean && !isThere(shares, layer, column.head)) continue;
    const row = layers - 1 - layer;
    const mean = isMean ? numbersOf(shares, { layer, head: null }) : null;
    const values = mean ?? shares.values;
    const start = mean ? 0 : (layer * heads + column.head) * keys;
    const unit = mean ? 1 : shares.scale;
    const rest = leaveOutFirst ? 1 - (values[start] as number) * unit : 1;
    for (let i = 0; i < column.strip; i++) {
      let from = bins.from[i] as number;
      const to = bins.to[i] as number;
      if (leaveOutFirst && from === 0) {
        if (to === 1) continue;
        from = 1;
      }
      const weight = (largestIn(values, start, keys, from, to) * unit) / rest;
      pixels[row * column.width + column.left + i] = pixelOf(table, shadeOf(weight, scale));
    }
  }
  return bins.most;
}

/**
 * Returns a canvas for intermediate drawing. One is reused, because a picture is drawn
 * synchronously.
 */
const scratchCanvas = once(() => document.createElement("canvas"));

function scratch(width: number, height: number): HTMLCanvasElement {
  const canvas = scratchCanvas();
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  return canvas;
}
