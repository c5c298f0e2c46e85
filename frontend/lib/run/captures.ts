import type { RunRequest } from "@/lib/contract";
import type { StartFrame } from "@/lib/contract/frames";

/**
 * Returns the missing probes among those needed: not captured by the run, or before a run, not
 * supported by the model.
 */
export function missingCaptures(
  needed: readonly string[],
  start: StartFrame | null,
  capabilities: readonly string[] | undefined,
): readonly string[] {
  const given = start ? start.probes.map(({ name }) => name) : capabilities;
  return given ? needed.filter((probe) => !given.includes(probe)) : [];
}

/** Returns the request that repeats a run, with the same seed, and captures other probes. */
export function repetition(start: StartFrame, capture: string[]): RunRequest {
  const given = Object.entries(start.settings).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(given), capture };
}
