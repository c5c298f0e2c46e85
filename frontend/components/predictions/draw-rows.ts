import { labelParts } from "@/components/token-label";
import { lengthOf } from "@/components/ui/bars";
import type { Candidate } from "@/lib/contract";
import type { TokenFrame } from "@/lib/run/frames";
import { formatMeasure, formatPercent } from "@/lib/text/numbers";
import { nameOfControl } from "./cut-chip";
import type { Pen, Room, TextLook } from "./pen";
import { BARS, placeOfSaid, ROW_PX } from "./rows";
import type { RowsLook } from "./rows-look";
import { SAID_SIGN } from "./said-mark";

/** Of the mark behind a row, and of the well behind a bar; pixels. */
const ROUND = { said: 4, well: 2 };

/** The first rows of a step as the table shows them, with the corner of the first at 0, 0. */
export function drawRows(pen: Pen, frame: TokenFrame, count: number, look: RowsLook): void {
  const rows = frame.top.slice(0, count);
  const said = placeOfSaid(frame);
  pen.ground(look.colours.sheet);
  if (said >= 0 && said < count) drawSaid(pen, said, look);
  drawBars(pen, rows, look);
  rows.forEach((candidate, place) => {
    drawName(pen, candidate, candidate.id === frame.id, place, look);
  });
  drawFigures(pen, rows, look);
}

function drawSaid(pen: Pen, place: number, { row, sign, texts, colours }: RowsLook): void {
  const top = place * row.height;
  pen.fill(colours["accent-wash"]);
  pen.box({ ...row, top }, ROUND.said);
  pen.write(SAID_SIGN, sign.left, top, texts.sign);
}

function drawBars(pen: Pen, rows: readonly Candidate[], { row, track, colours }: RowsLook): void {
  pen.fill(colours.well);
  rows.forEach((_, place) => {
    pen.box({ ...track, top: place * row.height + track.top }, ROUND.well);
  });
  // One shape over all rows, as in the table.
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

function drawFigures(pen: Pen, rows: readonly Candidate[], look: RowsLook): void {
  const { row, prob, drawn, logit, texts } = look;
  const write = (text: string, room: Room, place: number, figure: TextLook) => {
    const at = inRoom(pen, room, place * row.height);
    pen.write(text, at.left + room.width - pen.widthOf(text, figure), at.top, figure);
  };
  const column = (
    room: Room,
    figure: TextLook,
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
  column(logit, texts.logit, (candidate) => formatMeasure(candidate.logit));
  column(drawn, texts.chip, ({ cut_by: cutBy }) =>
    cutBy ? fittedChip(pen, nameOfControl(cutBy), look) : null,
  );
}

const fittedChip = (pen: Pen, name: string, { drawn, texts }: RowsLook): string =>
  pen
    .fitted([{ text: name, look: texts.chip }], drawn.width, texts.chip)
    .map(({ text }) => text)
    .join("");

function drawName(
  pen: Pen,
  { text: label, cut_by: cutBy }: Candidate,
  said: boolean,
  place: number,
  { row, name, texts }: RowsLook,
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
 * Where a room of a row that stands at `top` begins, and the row as seen from there: what is
 * contained is drawn from the dot where its room begins.
 */
function inRoom(pen: Pen, room: Room, top: number): { left: number; top: number } {
  const snapped = pen.snapped({ ...room, top: top + room.top });
  return { left: snapped.left, top: snapped.top - room.top };
}
