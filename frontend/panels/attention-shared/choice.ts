import { linkedStore } from "@/lib/url-state/linked-store";
import { MEAN_OF_ALL, type Reading } from "./pattern";
import { FULL_AT, type ShadeScale } from "./scale";

/** The options that all attention panels share. */
export interface AttentionChoice {
  readonly reading: Reading;
  readonly scale: ShadeScale;
  /** Leave out the first token and scale the other weights to add up to 1. */
  readonly leaveOutFirst: boolean;
}

export const FIRST_CHOICE: AttentionChoice = {
  reading: MEAN_OF_ALL,
  scale: { curve: "root", full: 1 },
  leaveOutFirst: false,
};

export const attentionChoice = linkedStore<AttentionChoice>("attention", FIRST_CHOICE, {
  encode,
  decode,
});

/**
 * `3.1*root100`: layer, head and scale; `*root25*rest`: the mean of all heads, without the first
 * token.
 */
function encode({ reading: { layer, head }, scale, leaveOutFirst }: AttentionChoice): string {
  const reading = [layer, head].filter((part) => part !== null).join(".");
  return `${reading}*${scale.curve}${scale.full * 100}${leaveOutFirst ? "*rest" : ""}`;
}

function decode(code: string): AttentionChoice | null {
  const parts = /^(?:(\d+)(?:\.(\d+))?)?\*(root|linear)(\d+)(\*rest)?$/.exec(code);
  const full = FULL_AT.find((share) => String(share * 100) === parts?.[4]);
  if (!parts || full === undefined) return null;
  const [, layer, head, curve, , rest] = parts;
  return {
    reading: { layer: numberOf(layer), head: numberOf(head) },
    scale: { curve: curve === "linear" ? "linear" : "root", full },
    leaveOutFirst: rest !== undefined,
  };
}

function numberOf(digits: string | undefined): number | null {
  return digits === undefined ? null : Number(digits);
}
