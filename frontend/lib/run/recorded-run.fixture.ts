import type { RunEvent, Shares } from "@/lib/contract/frames";
import { DEEP, RECORDED, STACK, WITH_ATTENTION } from "@/lib/contract/recordings.fixture";
import { applyEvent, EMPTY_RUN, type RunRecord } from "./run-record";

const runOf = (events: readonly RunEvent[]): RunRecord =>
  events.reduce(applyEvent, { ...EMPTY_RUN, frames: [] });

/** Returns the run after the first events of the recording; by default all of them. */
export const recordedRun = (events = RECORDED.length): RunRecord =>
  runOf(RECORDED.slice(0, events));

export const stackRun = (): RunRecord => runOf(STACK);

export const deepRun = (): RunRecord => runOf(DEEP);

/** The captured attention rows of a token. */
export function attentionRows(run: RunRecord, step: number): Shares {
  const shares = run.frames[step]?.attentionRows;
  if (!shares) throw new Error(`no attention at token ${step}`);
  return shares;
}

export const attentionRun = (events = WITH_ATTENTION.length): RunRecord =>
  runOf(WITH_ATTENTION.slice(0, events));
