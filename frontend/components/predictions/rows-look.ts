import { LABEL_CLASS, QUIET_CLASS } from "@/components/token-label";
import { readColours } from "@/lib/theme/read-colours";
import { CHIP_CLASS } from "./cut-chip";
import type { Room, TextLook } from "./pen";
import { CUT_CLASS, SAID_CLASS } from "./row-name";
import { SAID_MARK_CLASS } from "./said-mark";

const COLOURS = ["sheet", "well", "data", "accent", "accent-wash"] as const;

/** How rows look on the page, so that they can be drawn alike; pixels from the corner of a row. */
export interface RowsLook {
  /** The first row, from the corner of the box that the table is placed in. */
  readonly first: Room;
  readonly row: Room;
  readonly name: Room;
  readonly track: Room;
  readonly prob: Room;
  readonly drawn: Room;
  readonly logit: Room;
  readonly sign: Room;
  readonly texts: Readonly<Record<keyof ReturnType<typeof samplesIn>, TextLook>>;
  readonly colours: Readonly<Record<(typeof COLOURS)[number], string>>;
}

/** Read off a table that is laid out, with samples that stand in its first row for a moment. */
export function readLook(table: HTMLTableElement): RowsLook | null {
  const row = table.tBodies[0]?.rows[0];
  const rooms = [...(row?.querySelectorAll<HTMLElement>("[data-room]") ?? [])];
  const [name, track, prob, drawn, logit] = rooms;
  if (!row || !name || !track || !prob || !drawn || !logit) return null;
  const corner = roomFrom(row, { left: 0, top: 0 });
  const roomOf = (element: Element) => roomFrom(element, corner);
  const samples = samplesIn(row, name, prob, logit);
  const texts = Object.entries(samples).map(([kind, { text, foot }]) => {
    const style = getComputedStyle(text);
    const look: TextLook = {
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
    texts: Object.fromEntries(texts) as RowsLook["texts"],
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
  /** Of no size, so it stands on the baseline. */
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
