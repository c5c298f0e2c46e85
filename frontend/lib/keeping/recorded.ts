import { logBlob, logSize } from "@/lib/recording/event-log";
import { parseEvent } from "@/lib/run/parse-event";
import type { RunRecord } from "@/lib/run/run-record";
import type { RunStore } from "@/lib/run/run-store";

/** Longer recordings are not kept over a reload; they can be saved as a file. */
const MAX_BYTES = 64 * 2 ** 20;

/** How often a run is kept that goes on, and up to which size. */
export const EVERY_MS = 3_000;
export const MAX_BYTES_GOING_ON = 8 * 2 ** 20;

/** A run as it is kept over a reload. */
export interface KeptRun {
  /** The events as they were received, one a line. */
  readonly events: Blob;
  /** The file that it was read from; null for a run of the server. */
  readonly source: string | null;
  readonly model: string;
  readonly tokens: number;
}

/** What to keep of a run; null where it has no token or is too large. */
export function keptRun({ log, start, frames, source }: RunRecord): KeptRun | null {
  if (!log || !start || frames.length === 0 || logSize(log) > MAX_BYTES) return null;
  const model = start.model.title || start.model.name;
  return { events: logBlob(log), source, model, tokens: frames.length };
}

/**
 * Puts the events into a store, as if they were received now. A run that was going on when the page
 * was left is stopped, and can be continued.
 */
export async function replayInto(store: RunStore, { events, source }: KeptRun): Promise<void> {
  store.begin("nothing", source ?? undefined);
  try {
    const { textLines } = await import("@/lib/recording/text-lines");
    for await (const line of textLines(events)) {
      if (line.text.trim() !== "") store.receive(parseEvent(line.text));
    }
  } finally {
    store.stop();
  }
}
