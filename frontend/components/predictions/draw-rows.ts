import { labelParts } from "@/components/token-label";
import { lengthOf } from "@/components/ui/bars";
import type { Candidate } from "@/lib/contract";
import type { TokenFrame } from "@/lib/run/frames";
import { formatMeasure, formatPercent } from "@/lib/text/numbers";
import { nameOfControl } from "./cut-chip";
import { BARS, placeOfSaid, ROW_PX } from "./rows";
import type { Room, RowsLook, TextLook } from "./rows-look";
import { SAID_SIGN } from "./said-mark";

/** Of the mark behind a row, and of the well behind a bar; pixels. */
const ROUND = { said: 4, well: 2 };

/** The first rows of a step as the table shows them, with the corner of the first at 0, 0. */
export function drawRows(
  context: CanvasRenderingContext2D,
  frame: TokenFrame,
  count: number,
  look: RowsLook,
): void {
  const rows = frame.top.slice(0, count);
  context.fillStyle = look.colours.sheet;
  context.fillRect(-1, -1, look.row.width + 2, count * look.row.height + 2);
  const said = placeOfSaid(frame);
  if (said >= 0 && said < count) drawSaid(context, said, look);
  drawBars(context, rows, look);
  rows.forEach((candidate, place) => {
    drawName(context, candidate, candidate.id === frame.id, place, look);
  });
  drawFigures(context, rows, look);
}

function drawSaid(context: CanvasRenderingContext2D, place: number, look: RowsLook): void {
  const { row, sign, texts, colours } = look;
  context.fillStyle = colours["accent-wash"];
  context.beginPath();
  context.roundRect(0, place * row.height, row.width, row.height, ROUND.said);
  context.fill();
  write(context, SAID_SIGN, sign.left, place * row.height, texts.sign);
}

function drawBars(
  context: CanvasRenderingContext2D,
  rows: readonly Candidate[],
  { row, track, colours }: RowsLook,
): void {
  const { left, top, width, height } = track;
  context.fillStyle = colours.well;
  context.beginPath();
  rows.forEach((_, place) => {
    context.roundRect(left, place * row.height + top, width, height, ROUND.well);
  });
  context.fill();
  type Bar = (typeof BARS)[keyof typeof BARS];
  const fill = (shareOf: (candidate: Candidate) => number, { from, to }: Bar) => {
    const scale = row.height / ROW_PX;
    rows.forEach((candidate, place) => {
      const y = place * row.height + from * scale;
      context.fillRect(left, y, lengthOf(shareOf(candidate)) * width, (to - from) * scale);
    });
  };
  context.fillStyle = colours.data;
  fill(({ prob }) => prob, BARS.model);
  context.fillStyle = colours.accent;
  fill(({ sampled_prob: drawn }) => drawn, BARS.drawn);
}

function drawFigures(
  context: CanvasRenderingContext2D,
  rows: readonly Candidate[],
  { row, prob, drawn, logit, texts }: RowsLook,
): void {
  const column = (room: Room, look: TextLook, textOf: (candidate: Candidate) => string | null) => {
    context.textAlign = "right";
    rows.forEach((candidate, place) => {
      const text = textOf(candidate);
      if (text !== null) write(context, text, room.left + room.width, place * row.height, look);
    });
    context.textAlign = "left";
  };
  column(prob, texts.figure, (candidate) => formatPercent(candidate.prob));
  column(drawn, texts.figure, ({ cut_by: cutBy, sampled_prob: share }) =>
    cutBy ? null : formatPercent(share),
  );
  column(drawn, texts.chip, ({ cut_by: cutBy }) => (cutBy ? nameOfControl(cutBy) : null));
  column(logit, texts.logit, (candidate) => formatMeasure(candidate.logit));
}

interface Part {
  readonly text: string;
  readonly look: TextLook;
}

function drawName(
  context: CanvasRenderingContext2D,
  { text: label, cut_by: cutBy }: Candidate,
  said: boolean,
  place: number,
  { row, name, texts }: RowsLook,
): void {
  const own = said ? texts.said : cutBy ? texts.cut : texts.name;
  const space = { ...own, colour: texts.space.colour };
  const parts = labelParts(label).map(({ text, isSpace }) => ({
    text,
    look: isSpace ? space : own,
  }));
  let x = name.left;
  for (const { text, look } of fitted(context, parts, name.width, texts.more)) {
    write(context, text, x, place * row.height, look);
    x += widthOf(context, text, look);
  }
}

/** As much as there is room for, with a sign where that is not all. */
function fitted(
  context: CanvasRenderingContext2D,
  parts: readonly Part[],
  room: number,
  more: TextLook,
): readonly Part[] {
  const wide = parts.reduce((sum, { text, look }) => sum + widthOf(context, text, look), 0);
  if (wide <= room) return parts;
  const sign = { text: "…", look: more };
  let left = room - widthOf(context, sign.text, more);
  const shown: Part[] = [];
  for (const { text, look } of parts) {
    const letters = [...text];
    while (letters.length > 0 && widthOf(context, letters.join(""), look) > left) letters.pop();
    const kept = letters.join("");
    shown.push({ text: kept, look });
    left -= widthOf(context, kept, look);
    if (kept !== text) break;
  }
  return [...shown, sign];
}

function write(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  top: number,
  look: TextLook,
): void {
  take(context, look);
  context.fillStyle = look.colour;
  context.fillText(text, x, top + look.baseline);
}

function widthOf(context: CanvasRenderingContext2D, text: string, look: TextLook): number {
  take(context, look);
  return context.measureText(text).width;
}

/** Setting what is set already costs next to nothing. */
function take(context: CanvasRenderingContext2D, { font, spacing }: TextLook): void {
  context.font = font;
  context.letterSpacing = spacing;
}
