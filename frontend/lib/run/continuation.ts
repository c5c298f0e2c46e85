import type { RunRequest } from "@/lib/contract";
import type { StartFrame } from "@/lib/contract/frames";

/** A token that a run is forced to write: its id, or its text on a chat server, which has no ids. */
export type Forced = number | string;

/** Returns what forces a token in a run that repeats this one. */
export const forcing = (start: StartFrame | null, { id, text }: { id: number; text: string }) =>
  start?.model.server ? text : id;

/**
 * Returns the request that forces the received tokens and continues after them. Forced tokens of
 * the run that had not been reached yet stay forced.
 */
export const continuation = (start: StartFrame, received: readonly Forced[]): RunRequest =>
  repeated(start, [...received, ...forcedTokens(start).slice(received.length)]);

/** Returns the request of the same run with these tokens forced first. */
export function repeated(start: StartFrame, forced: readonly Forced[]): RunRequest {
  const given = Object.entries(start.settings).filter(([, value]) => value !== null);
  const name = start.model.server ? "forced_texts" : "forced_ids";
  return { ...Object.fromEntries(given), [name]: [...forced] };
}

/** Returns the tokens that a run was forced to begin with. */
export const forcedTokens = ({ model, settings }: StartFrame): readonly Forced[] =>
  (model.server ? settings.forced_texts : settings.forced_ids) ?? [];
