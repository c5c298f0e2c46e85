import { isBusy, promptLength, type RunRecord } from "@/lib/run/run-record";

/**
 * Returns how many tokens the axis spans. During a run it is the limit, so that the axis does not
 * move; once the run is over it is the number of tokens, so that each is wide enough to point at.
 */
export function axisLength(run: RunRecord): number {
  const count = run.frames.length;
  if (!run.start) return 0;
  const limit = Math.min(run.start.settings.max_new_tokens, roomOf(run));
  const over = run.phase === "done" && run.done?.resume == null;
  return over && !isBusy(run) ? count : Math.max(count, limit);
}

/** Returns how many tokens the model's context leaves beside the prompt. */
function roomOf(run: RunRecord): number {
  const context = run.start?.model.context ?? Number.POSITIVE_INFINITY;
  return context - promptLength(run);
}

/** Returns the token at a position from 0 to 1 on the axis, at most `last`. */
export function stepAt(share: number, length: number, last: number): number {
  return Math.max(0, Math.min(last, Math.floor(share * length)));
}

/** Returns the position of a token's centre on the axis, from 0 to 1. */
export const shareOf = (step: number, length: number): number =>
  length > 0 ? (step + 0.5) / length : 0;
