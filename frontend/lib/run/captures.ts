import type { RunRequest } from "@/lib/contract";
import type { StartFrame } from "./frames";

/**
 * Which of these probes cannot be seen: a run that has begun tells what it captured; before it,
 * the model tells what it can give.
 */
export function missingCaptures(
  needed: readonly string[],
  start: StartFrame | null,
  capabilities: readonly string[] | undefined,
): readonly string[] {
  const given = start ? start.probes.map(({ name }) => name) : capabilities;
  return given ? needed.filter((probe) => !given.includes(probe)) : [];
}

/** The request that gives the same run, seed and all, with other things captured. */
export function repetition(start: StartFrame, capture: string[]): RunRequest {
  const given = Object.entries(start.settings).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(given), capture };
}
