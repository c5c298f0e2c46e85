import type { RunRequest } from "@/lib/contract";
import type { StartFrame } from "@/lib/contract/frames";

/** Probes whose numbers are contained in those of another probe. */
const CONTAINED: Readonly<Record<string, string>> = { attention_sources: "attention_rows" };

/**
 * Returns the probes to capture for those needed, limited to the model's capabilities if they are
 * known. A server that does not know a probe may know one that contains it.
 */
export const toCapture = (
  needed: readonly string[],
  capabilities: readonly string[] | undefined,
): string[] => [
  ...new Set(
    needed.flatMap((probe) => {
      if (!capabilities || capabilities.includes(probe)) return [probe];
      const other = CONTAINED[probe];
      return other && capabilities.includes(other) ? [other] : [];
    }),
  ),
];

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
  const has = (probe: string) => given?.includes(probe) || given?.includes(CONTAINED[probe] ?? "");
  return given ? needed.filter((probe) => !has(probe)) : [];
}

/** Returns the request that repeats a run, with the same seed, and captures other probes. */
export function repetition(start: StartFrame, capture: string[]): RunRequest {
  const given = Object.entries(start.settings).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(given), capture };
}
