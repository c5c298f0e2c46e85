import { scaleSymlog } from "d3-scale";
import { rootUnit } from "@/lib/browser/root-unit";
import { css, inkOn, rampColour, type Theme } from "@/lib/colour/ramp";
import type { LensRow, TokenFrame } from "@/lib/contract/frames";
import { visible } from "@/lib/text/characters";
import type { LensView } from "./display-options";
import { settledLayer } from "./settled";

export type LensColour = LensView["colour"];

export interface LensPicture {
  /** The tokens that are shown side by side. */
  readonly shown: readonly TokenFrame[];
  readonly layers: number;
  readonly colour: LensColour;
  readonly vocabulary: number;
  readonly theme: Theme;
  readonly size: { readonly width: number; readonly height: number };
  /** Canvas pixels per CSS pixel. */
  readonly ratio: number;
  /** The width of a column in CSS pixels. */
  readonly width: number;
}

const ASCII = /^[\x20-\x7e…]*$/;

/** The minimum size of a cell with a token, in pixels. */
export const WORD_CELL = { width: 40, height: 13 };

/**
 * Returns the darkness for a rank: 1 for rank 0, 0 for the last of the vocabulary. It is linear in
 * the logarithm, so that the first ten ranks can be distinguished.
 */
export const rankScale = (vocabulary: number) =>
  scaleSymlog([0, Math.max(1, vocabulary - 1)], [1, 0]).clamp(true);

/**
 * Returns the darkness of a cell from 0 to 1, on a scale that is the same for all runs of a model.
 */
function lensShare(colour: LensColour, vocabulary: number): (row: LensRow) => number {
  if (colour === "prob") return ({ prob }) => prob;
  const dark = rankScale(vocabulary);
  return ({ rank }) => dark(rank);
}

/**
 * Draws one cell per layer and token, the first layer at the bottom, with the token's text if there is room, and a line at the
 * layer where the answer settles.
 */
export function drawLens(canvas: HTMLCanvasElement, picture: LensPicture): void {
  const { shown, layers, size, ratio, width, theme } = picture;
  const context = canvas.getContext("2d");
  if (!context) return;
  resize(canvas, Math.round(size.width * ratio), Math.round(size.height * ratio));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  const { color, fontFamily } = getComputedStyle(canvas);
  context.font = `${12 * rootUnit()}px ${fontFamily}`;
  context.textBaseline = "middle";
  const height = size.height / layers;
  const shareOf = lensShare(picture.colour, picture.vocabulary);
  shown.forEach((frame, column) => {
    const x = column * width;
    frame.logitLens?.forEach((row, layer) => {
      const box = { x, y: (layers - 1 - layer) * height, width, height };
      if (row) drawCell(context, row, theme, shareOf(row), box);
    });
    const settled = settledLayer(frame.logitLens ?? []);
    if (settled === null) return;
    context.fillStyle = color;
    const y = (layers - settled) * height - 1;
    context.fillRect(x + 1, Math.min(size.height - 2, y), width - 2, 2);
  });
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function drawCell(
  context: CanvasRenderingContext2D,
  row: LensRow,
  theme: Theme,
  share: number,
  { x, y, width, height }: Box,
) {
  const fill = rampColour("probability", theme, share);
  context.fillStyle = css(fill);
  context.fillRect(x, y, Math.max(1, width - 1), Math.max(1, height - 1));
  if (width < WORD_CELL.width || height < WORD_CELL.height) return;
  context.fillStyle = inkOn(fill);
  const room = Math.floor((width - 6) / 6.7);
  const word = visible(row.label);
  const letters = [...word];
  let shown = letters.length > room ? `${letters.slice(0, room - 1).join("")}…` : word;
  // Characters of other scripts may be wider than those of the font.
  while (!ASCII.test(shown) && letters.length > 1 && context.measureText(shown).width > width - 4) {
    letters.length = Math.min(letters.length, [...shown].length) - 1;
    shown = `${letters.join("")}…`;
  }
  context.fillText(shown, x + 3, y + height / 2);
}

/** Sets the size only if it has changed, because that clears the canvas and is slow. */
function resize(canvas: HTMLCanvasElement, width: number, height: number) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
