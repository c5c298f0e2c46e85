import { parseEvent } from "@/lib/contract/parse-event";
import { logBlob, logSize } from "@/lib/run/event-log";
import type { RunRecord } from "@/lib/run/run-record";
import type { RunStore } from "@/lib/run/run-store";

/** Larger recordings are not restored after a reload. They can be saved as a file. */
const MAX_BYTES = 64 * 2 ** 20;

/** How often an unfinished run is saved, and up to which size. */
export const EVERY_MS = 3_000;
export const MAX_BYTES_GOING_ON = 8 * 2 ** 20;

/** A run as it is stored to be restored after a reload. */
export interface SavedRun {
  /** The events as they were received, one JSON line each. */
  readonly events: Blob;
  /** The name of the file it was read from; null for a run of the server. */
  readonly source: string | null;
  readonly model: string;
  readonly tokens: number;
  /** The beginning of the prompt; empty for a conversation. */
  readonly prompt: string;
}

const PROMPT_LENGTH = 60;

/** Returns what is stored of a run; null if it has no token or is too large. */
export function savedRun({ log, start, frames, source }: RunRecord): SavedRun | null {
  if (!log || !start || frames.length === 0 || logSize(log) > MAX_BYTES) return null;
  const model = start.model.title || start.model.name;
  const prompt = String(start.settings.prompt ?? "");
  return {
    events: logBlob(log),
    source,
    model,
    tokens: frames.length,
    prompt: prompt.length > PROMPT_LENGTH ? `${prompt.slice(0, PROMPT_LENGTH)}…` : prompt,
  };
}

/**
 * Replays the saved events into a store. A run that was unfinished when the page was left is
 * stopped and can be continued.
 */
export async function replayInto(store: RunStore, { events, source }: SavedRun): Promise<void> {
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
