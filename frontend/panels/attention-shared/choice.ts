import { linkedStore } from "@/lib/url-state/linked-store";
import { chosenHead } from "./chosen-head";
import { MEAN_OF_ALL, type Reading } from "./pattern";
import { FULL_AT, type ShadeScale } from "./scale";

/**
 * Where the first token is left out and the other weights are scaled to add up to 1. Many heads put
 * most of their attention there when they have nothing to look for (an attention sink), so a mean
 * would show little else.
 */
export const LEFT_OUT = ["means", "always", "never"] as const;
export type LeftOut = (typeof LEFT_OUT)[number];

/** The end of the code that says where the first token is left out. */
const CODES: Record<LeftOut, string> = { means: "", always: "*rest", never: "*first" };

/** The options that all attention panels share. */
export interface AttentionChoice {
  readonly reading: Reading;
  readonly scale: ShadeScale;
  readonly firstLeftOut: LeftOut;
}

export const FIRST_CHOICE: AttentionChoice = {
  reading: MEAN_OF_ALL,
  scale: { curve: "root", full: 1 },
  firstLeftOut: "means",
};

/** Whether the first token is left out of a reading. */
export const leavesOutFirst = (leftOut: LeftOut, { head }: Reading): boolean =>
  leftOut === "always" || (leftOut === "means" && head === null);

export const attentionChoice = linkedStore<AttentionChoice>("attention", FIRST_CHOICE, {
  encode,
  decode,
});

const showHead = ({ reading: { layer, head } }: AttentionChoice): void => {
  const { chosen } = chosenHead.getState();
  const next = layer === null || head === null ? null : { layer, head, clear: chooseNoHead };
  if (chosen?.layer === next?.layer && chosen?.head === next?.head) return;
  chosenHead.setState({ chosen: next });
};
attentionChoice.subscribe(showHead);
showHead(attentionChoice.getState());

/** Returns to the mean of all heads. */
export function chooseNoHead(): void {
  attentionChoice.setState({ reading: MEAN_OF_ALL });
}

/**
 * `3.1*root100`: layer, head and scale; `*root25*rest`: the mean of all heads, and the first token
 * is always left out.
 */
function encode({ reading: { layer, head }, scale, firstLeftOut }: AttentionChoice): string {
  const reading = [layer, head].filter((part) => part !== null).join(".");
  return `${reading}*${scale.curve}${scale.full * 100}${CODES[firstLeftOut]}`;
}

function decode(code: string): AttentionChoice | null {
  const parts = /^(?:(\d+)(?:\.(\d+))?)?\*(root|linear)(\d+)(\*rest|\*first)?$/.exec(code);
  const full = FULL_AT.find((share) => String(share * 100) === parts?.[4]);
  if (!parts || full === undefined) return null;
  const [, layer, head, curve, , end = ""] = parts;
  return {
    reading: { layer: numberOf(layer), head: numberOf(head) },
    scale: { curve: curve === "linear" ? "linear" : "root", full },
    firstLeftOut: LEFT_OUT.find((each) => CODES[each] === end) ?? "means",
  };
}

function numberOf(digits: string | undefined): number | null {
  return digits === undefined ? null : Number(digits);
}
