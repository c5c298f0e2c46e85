import { css, inkOn, rampColour, type Theme } from "@/lib/colour/ramp";
import { rankShare, settledLayer } from "@/lib/lens/settled";
import type { LensView } from "@/lib/lens/view";
import type { LensRow, TokenFrame } from "@/lib/run/frames";
import { visible } from "@/lib/text/characters";

export type LensColour = LensView["colour"];

export interface LensPicture {
  /** The tokens beside each other. */
  readonly shown: readonly TokenFrame[];
  readonly layers: number;
  readonly colour: LensColour;
  readonly vocabulary: number;
  readonly theme: Theme;
  readonly size: { readonly width: number; readonly height: number };
  /** Dots for each CSS pixel. */
  readonly ratio: number;
  /** Of one column, in CSS pixels. */
  readonly width: number;
}

const ASCII = /^[\x20-\x7e…]*$/;

/** Cells smaller than this show no word. */
export const WORD_CELL = { width: 40, height: 13 };

/** From 0 to 1, fixed for all runs of a model. */
export const lensShare = (row: LensRow, colour: LensColour, vocabulary: number): number =>
  colour === "prob" ? row.prob : rankShare(row.rank, vocabulary);

/** One cell a layer and token, with its word where there is room, and a line where it settles. */
export function drawLens(canvas: HTMLCanvasElement, picture: LensPicture): void {
  const { shown, layers, size, ratio, width } = picture;
  const context = canvas.getContext("2d");
  if (!context) return;
  resize(canvas, Math.round(size.width * ratio), Math.round(size.height * ratio));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  const { color, fontFamily } = getComputedStyle(canvas);
  context.font = `11px ${fontFamily}`;
  context.textBaseline = "middle";
  const height = size.height / layers;
  shown.forEach((frame, column) => {
    const x = column * width;
    frame.logitLens?.forEach((row, layer) => {
      if (row) drawCell(context, row, picture, { x, y: layer * height, width, height });
    });
    const settled = settledLayer(frame.logitLens ?? []);
    if (settled === null) return;
    context.fillStyle = color;
    context.fillRect(x + 1, Math.max(0, settled * height - 1), width - 2, 2);
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
  { colour, vocabulary, theme }: LensPicture,
  { x, y, width, height }: Box,
) {
  const fill = rampColour(theme, lensShare(row, colour, vocabulary));
  context.fillStyle = css(fill);
  context.fillRect(x, y, Math.max(1, width - 1), Math.max(1, height - 1));
  if (width < WORD_CELL.width || height < WORD_CELL.height) return;
  context.fillStyle = inkOn(fill);
  const room = Math.floor((width - 6) / 6.7);
  const word = visible(row.label);
  const letters = [...word];
  let shown = letters.length > room ? `${letters.slice(0, room - 1).join("")}…` : word;
  // Letters of other scripts may be wider than the font's own.
  while (!ASCII.test(shown) && letters.length > 1 && context.measureText(shown).width > width - 4) {
    letters.length = Math.min(letters.length, [...shown].length) - 1;
    shown = `${letters.join("")}…`;
  }
  context.fillText(shown, x + 3, y + height / 2);
}

/** Setting a canvas's size clears it and costs, so only where it changed. */
function resize(canvas: HTMLCanvasElement, width: number, height: number) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
