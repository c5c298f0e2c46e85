import type { Shares } from "@/lib/contract/frames";
import { promptLength, type RunRecord } from "@/lib/run/run-record";

/** A token of the prompt or of the generated text, by its position in the context. */
export interface RunToken {
  readonly label: string;
  /** The text that it adds. */
  readonly written: string;
}

export function tokenAt(run: RunRecord, place: number): RunToken | undefined {
  const given = run.prompt?.tokens[place];
  if (given) return { label: given.text, written: given.text };
  const frame = run.frames[place - promptLength(run)];
  return frame && { label: frame.label, written: frame.text };
}

/** An attention map and the step at which it was captured; -1 for that of the prompt. */
export interface Snapshot {
  readonly step: number;
  readonly map: Shares;
}

/** Returns all maps of a run, oldest first. */
export function snapshotsOf({ prompt, frames }: RunRecord): Snapshot[] {
  const taken = frames.flatMap(({ attentionMap }, step) =>
    attentionMap ? [{ step, map: attentionMap }] : [],
  );
  // The prediction of the first token attends to the prompt only, so its map is the prompt's.
  const again = taken[0]?.step === 0;
  return prompt?.attentionMap && !again
    ? [{ step: -1, map: prompt.attentionMap }, ...taken]
    : taken;
}

/** Returns the newest map captured at this step or before. */
export const snapshotAt = (snapshots: readonly Snapshot[], step: number): Snapshot | undefined =>
  snapshots.findLast((snapshot) => snapshot.step <= step) ?? undefined;
