import { isBusy, type RunRecord } from "@/lib/run/run-record";

/**
 * How many tokens the axis holds. It stands still while more may come, and fits the text once the
 * model has ended it, so that a short text under a high limit can be pointed at too.
 */
export function axisLength(run: RunRecord): number {
  const count = run.frames.length;
  if (!run.start) return 0;
  const limit = Math.min(run.start.settings.max_new_tokens, roomOf(run));
  const over = run.phase === "done" && run.done?.resume == null;
  return over && !isBusy(run) ? count : Math.max(count, limit);
}

/** How many tokens the model's context leaves beside the prompt. */
function roomOf({ start, prompt }: RunRecord): number {
  const context = start?.model.context ?? Number.POSITIVE_INFINITY;
  return context - (prompt?.tokens.length ?? 0);
}

/** The token under a place from 0 to 1, no further than the last that there is. */
export function stepAt(share: number, length: number, last: number): number {
  return Math.max(0, Math.min(last, Math.floor(share * length)));
}

/** Where a token's middle stands, from 0 to 1. */
export const shareOf = (step: number, length: number): number =>
  length > 0 ? (step + 0.5) / length : 0;
