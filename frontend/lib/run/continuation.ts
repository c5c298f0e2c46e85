import type { RunRequest } from "@/lib/contract";
import type { StartFrame } from "@/lib/contract/frames";

/**
 * Returns the request that forces the received tokens and continues after them. Forced tokens of
 * the run that had not been reached yet stay forced.
 */
export const continuation = (start: StartFrame, received: readonly number[]): RunRequest =>
  repeated(start, [...received, ...forcedIds(start).slice(received.length)]);

/** Returns the request of the same run with these tokens forced first. */
export function repeated(start: StartFrame, forced_ids: readonly number[]): RunRequest {
  const given = Object.entries(start.settings).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(given), forced_ids: [...forced_ids] };
}

/** Returns the ids that a run was forced to begin with. */
export const forcedIds = ({ settings }: StartFrame): readonly number[] =>
  (settings.forced_ids as readonly number[] | undefined) ?? [];
