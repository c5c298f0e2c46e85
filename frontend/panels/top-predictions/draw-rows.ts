import { lengthOf } from "@/components/charts/bars";
import { labelParts } from "@/components/tokens/token-label";
import type { Candidate } from "@/lib/contract";
import type { TokenFrame } from "@/lib/contract/frames";
import { formatMeasure, formatPercent } from "@/lib/i18n/numbers";
import { SAID_SIGN } from "./chosen-mark";
import { nameOfControl } from "./cut-chip";
import type { RowStyles } from "./row-styles";
import { BARS, indexOfChosen, ROW_PX } from "./rows";
import type { Room, TextPainter, TextStyle } from "./text-painter";

/** Corner radii of the mark behind a row and of the background of the bars, in pixels. */
const ROUND = { said: 4, well: 2 };

/**
 * Draws the first rows of a step as the table shows them, with the top left corner of the first at
 * 0, 0.
 */
export function drawRows(
  pen: TextPainter,
  frame: TokenFrame,
  count: number,
  look: RowStyles,
): void {
  const rows = frame.top.slice(0, count);
  const said = indexOfChosen(frame);
  pen.ground(look.colours.sheet);
  if (said >= 0 && said < count) drawChosen(pen, said, look);
  drawBars(pen, rows, look);
  rows.forEach((candidate, place) => {
    drawName(pen, candidate, candidate.id === frame.id, place, look);
  });
  drawFigures(pen, rows, look);
}

function drawChosen(
  pen: TextPainter,
  place: number,
  { row, sign, texts, colours }: RowStyles,
): void {
  const top = place * row.height;
  pen.fill(colours["accent-wash"]);
  pen.box({ ...row, top }, ROUND.said);
  pen.write(SAID_SIGN, sign.left, top, texts.sign);
}

function drawBars(
  pen: TextPainter,
  rows: readonly Candidate[],
  { row, track, colours }: RowStyles,
): void {
  pen.fill(colours.well);
  rows.forEach((_, place) => {
    pen.box({ ...track, top: place * row.height + track.top }, ROUND.well);
  });
  // The background is one shape over all rows, as in the table.
  const all = pen.snapped({ ...track, top: 0, height: rows.length * row.height });
  const pixel = all.height / rows.length / ROW_PX;
  const draw = (
    shareOf: (candidate: Candidate) => number,
    { from, to }: (typeof BARS)["drawn"],
  ) => {
    rows.forEach((candidate, place) => {
      const top = all.top + (place * ROW_PX + from) * pixel;
      pen.bar(all.left, top, lengthOf(shareOf(candidate)) * all.width, (to - from) * pixel);
    });
  };
  pen.fill(colours.data);
  draw(({ prob }) => prob, BARS.model);
  pen.fill(colours.accent);
  draw(({ sampled_prob: drawn }) => drawn, BARS.drawn);
}

function drawFigures(pen: TextPainter, rows: readonly Candidate[], look: RowStyles): void {
  const { row, prob, drawn, logit, texts } = look;
  const write = (text: string, room: Room, place: number, figure: TextStyle) => {
    const at = inRoom(pen, room, place * row.height);
    pen.write(text, at.left + room.width - pen.widthOf(text, figure), at.top, figure);
  };
  const column = (
    room: Room,
    figure: TextStyle,
    textOf: (candidate: Candidate) => string | null,
  ) => {
    rows.forEach((candidate, place) => {
      const text = textOf(candidate);
      if (text !== null) write(text, room, place, figure);
    });
  };
  column(prob, texts.figure, (candidate) => formatPercent(candidate.prob));
  column(drawn, texts.figure, (candidate) =>
    candidate.cut_by ? null : formatPercent(candidate.sampled_prob),
  );
  // Without a width where the page only looks.
  if (logit.width > 0) column(logit, texts.logit, ({ logit: z }) => formatMeasure(z));
  column(drawn, texts.chip, ({ cut_by: cutBy }) =>
    cutBy ? fittedChip(pen, nameOfControl(cutBy), look) : null,
  );
}

const fittedChip = (pen: TextPainter, name: string, { drawn, texts }: RowStyles): string =>
  pen
    .fitted([{ text: name, look: texts.chip }], drawn.width, texts.chip)
    .map(({ text }) => text)
    .join("");

function drawName(
  pen: TextPainter,
  { text: label, cut_by: cutBy }: Candidate,
  said: boolean,
  place: number,
  { row, name, texts }: RowStyles,
): void {
  const own = said ? texts.said : cutBy ? texts.cut : texts.name;
  const space = { ...own, colour: texts.space.colour };
  const parts = labelParts(label).map(({ text, quiet }) => ({
    text,
    look: quiet ? space : own,
  }));
  let { left: x, top } = inRoom(pen, name, place * row.height);
  for (const { text, look } of pen.fitted(parts, name.width, texts.more)) {
    pen.write(text, x, top, look);
    x += pen.widthOf(text, look);
  }
}

/**
 * Returns the origin for drawing in a box of a row at `top`. Browsers snap contained boxes to
 * device pixels, so the drawing starts there too.
 */
function inRoom(pen: TextPainter, room: Room, top: number): { left: number; top: number } {
  const snapped = pen.snapped({ ...room, top: top + room.top });
  return { left: snapped.left, top: snapped.top - room.top };
}
