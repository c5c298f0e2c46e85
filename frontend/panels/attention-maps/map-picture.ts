import { pixelOf, rampPixels } from "@/lib/colour/pixels";
import type { Theme } from "@/lib/colour/ramp";
import type { Matrix } from "@/lib/contract/frames";
import { type Bins, binsOf } from "@/panels/attention-shared/bins";
import { type ShadeScale, shadeOf } from "@/panels/attention-shared/scale";

export interface MapPicture {
  readonly map: Matrix;
  readonly scale: ShadeScale;
  readonly leaveOutFirst: boolean;
  readonly theme: Theme;
  /** Canvas pixels per CSS pixel. */
  readonly ratio: number;
}

/**
 * Draws queries by keys. Keys after a query, which it cannot attend to, stay transparent. Returns
 * the largest number of queries or keys that share a pixel.
 */
export function paintMap(canvas: HTMLCanvasElement, picture: MapPicture): number {
  const { ratio } = picture;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  const context = width > 0 && height > 0 ? canvas.getContext("2d") : null;
  const { rows, columns } = picture.map;
  if (!context || rows === 0) return 1;
  canvas.width = width;
  canvas.height = height;
  const small = document.createElement("canvas");
  small.width = Math.min(columns, width);
  small.height = Math.min(rows, height);
  const most = paintCells(small, picture);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, width, height);
  return most;
}

/** Draws one pixel per cell, or the maximum of several cells. */
function paintCells(canvas: HTMLCanvasElement, picture: MapPicture): number {
  const { map, theme } = picture;
  const { width, height } = canvas;
  const down = binsOf(map.rows, height);
  const across = binsOf(map.columns, width);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const table = rampPixels("attention", theme);
  const shades = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    shades.fill(-1);
    for (let query = down.from[y] as number; query < (down.to[y] as number); query++) {
      widen(shades, picture, query, across);
    }
    for (let x = 0; x < width; x++) {
      pixels[y * width + x] = pixelOf(table, shades[x] as number);
    }
  }
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return Math.max(down.most, across.most);
}

/**
 * Raises the shades to those of a query if they are larger; -1 stays where it attends to nothing.
 */
function widen(shades: Float32Array, picture: MapPicture, query: number, across: Bins): void {
  const { map, scale, leaveOutFirst } = picture;
  const start = query * map.columns;
  const rest = leaveOutFirst ? 1 - (map.values[start] as number) : 1;
  // If all of the attention is on the first token, there is nothing to scale.
  if (rest < 1e-6) return;
  for (let x = 0; x < shades.length; x++) {
    const from = Math.max(leaveOutFirst ? 1 : 0, across.from[x] as number);
    const to = Math.min(across.to[x] as number, query + 1);
    let best = -1;
    for (let key = from; key < to; key++) {
      best = Math.max(best, map.values[start + key] as number);
    }
    if (best !== -1) shades[x] = Math.max(shades[x] as number, shadeOf(best / rest, scale));
  }
}
