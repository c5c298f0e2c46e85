import type { Shares } from "@/lib/run/frames";
import type { RunRecord } from "@/lib/run/run-record";

/** A token of prompt or generated text, by its place in the context. */
export interface RunToken {
  readonly label: string;
  /** What it adds to the text. */
  readonly written: string;
}

export const placesOf = ({ prompt, frames }: RunRecord): number =>
  (prompt?.tokens.length ?? 0) + frames.length;

export function tokenAt({ prompt, frames }: RunRecord, place: number): RunToken | undefined {
  const given = prompt?.tokens[place];
  if (given) return { label: given.text, written: given.text };
  const frame = frames[place - (prompt?.tokens.length ?? 0)];
  return frame && { label: frame.label, written: frame.text };
}

/** A map of attention, and the token at which it was taken; -1 is the reading of the prompt. */
export interface Snapshot {
  readonly step: number;
  readonly map: Shares;
}

/** All maps of a run, oldest first. */
export function snapshotsOf({ prompt, frames }: RunRecord): Snapshot[] {
  const taken = frames.flatMap(({ attentionMap }, step) =>
    attentionMap ? [{ step, map: attentionMap }] : [],
  );
  // What is read when the first token is predicted is the prompt: that map is the same.
  const again = taken[0]?.step === 0;
  return prompt?.attentionMap && !again
    ? [{ step: -1, map: prompt.attentionMap }, ...taken]
    : taken;
}

/** The newest of them that was taken at this step or before. */
export const snapshotAt = (snapshots: readonly Snapshot[], step: number): Snapshot | undefined =>
  snapshots.findLast((snapshot) => snapshot.step <= step) ?? undefined;
