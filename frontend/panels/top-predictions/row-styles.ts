import { LABEL_CLASS, QUIET_CLASS } from "@/components/tokens/token-label";
import { readColours } from "@/lib/theme/read-colours";
import { SAID_MARK_CLASS } from "./chosen-mark";
import { CHIP_CLASS } from "./cut-chip";
import { CUT_CLASS, SAID_CLASS } from "./row-name";
import type { Room, TextStyle } from "./text-painter";

const COLOURS = ["sheet", "well", "data", "accent", "accent-wash"] as const;

/**
 * The measured styles of rows, for drawing them on a canvas; in pixels from the top left corner of
 * a row.
 */
export interface RowStyles {
  /** The first row, relative to the box in which the table is positioned. */
  readonly first: Room;
  readonly row: Room;
  readonly name: Room;
  readonly track: Room;
  readonly prob: Room;
  readonly drawn: Room;
  readonly logit: Room;
  readonly sign: Room;
  readonly texts: Readonly<Record<keyof ReturnType<typeof samplesIn>, TextStyle>>;
  readonly colours: Readonly<Record<(typeof COLOURS)[number], string>>;
}

/** Measures a rendered table, with samples that are inserted into its first row temporarily. */
export function readStyles(table: HTMLTableElement): RowStyles | null {
  const row = table.tBodies[0]?.rows[0];
  const rooms = [...(row?.querySelectorAll<HTMLElement>("[data-room]") ?? [])];
  const [name, track, prob, drawn, logit] = rooms;
  if (!row || !name || !track || !prob || !drawn || !logit) return null;
  const corner = roomFrom(row, { left: 0, top: 0 });
  const roomOf = (element: Element) => roomFrom(element, corner);
  const samples = samplesIn(row, name, prob, logit);
  const texts = Object.entries(samples).map(([kind, { text, foot }]) => {
    const style = getComputedStyle(text);
    const look: TextStyle = {
      font: `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`,
      spacing: style.letterSpacing,
      colour: style.color,
      baseline: roomOf(foot).top,
    };
    return [kind, look];
  });
  const sign = roomOf(samples.sign.foot);
  for (const { text } of Object.values(samples)) text.remove();
  return {
    first: roomFrom(row, roomFrom(table.offsetParent ?? table, { left: 0, top: 0 })),
    row: roomOf(row),
    name: roomOf(name),
    track: roomOf(track),
    prob: roomOf(prob),
    drawn: roomOf(drawn),
    logit: roomOf(logit),
    sign,
    texts: Object.fromEntries(texts) as RowStyles["texts"],
    colours: readColours(COLOURS),
  };
}

function roomFrom(element: Element, from: Pick<Room, "left" | "top">): Room {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { left: left - from.left, top: top - from.top, width, height };
}

const samplesIn = (row: Element, name: Element, figure: Element, quiet: Element) => ({
  name: sample(name, LABEL_CLASS),
  cut: sample(name, `${LABEL_CLASS} ${CUT_CLASS}`),
  said: sample(name, `${LABEL_CLASS} ${SAID_CLASS}`),
  space: sample(name, `${LABEL_CLASS} ${QUIET_CLASS}`),
  more: sample(name, ""),
  figure: sample(figure, ""),
  chip: sample(figure, CHIP_CLASS),
  logit: sample(quiet, ""),
  sign: sample(row, SAID_MARK_CLASS),
});

interface Sample {
  readonly text: HTMLElement;
  /** An element without a size, which is aligned with the baseline. */
  readonly foot: HTMLElement;
}

function sample(parent: Element, className: string): Sample {
  const text = document.createElement("span");
  text.className = className;
  const foot = document.createElement("span");
  foot.style.display = "inline-block";
  text.append(foot);
  parent.append(text);
  return { text, foot };
}
