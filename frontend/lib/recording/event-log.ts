import type { RunEvent } from "@/lib/run/frames";
import { withoutBreaks } from "./json-line";

/**
 * A run that outgrows this many bytes is recorded up to there and no further: an hour of
 * streaming must not fill the memory.
 */
export const MAX_LOG_BYTES = 256 * 1024 * 1024;
/** Lines are handed to the browser, which may put them on the disk, in parts of this size. */
const PART_BYTES = 256 * 1024;

/** Bytes that are only ever appended to; several logs may hold beginnings of them. */
interface Shared {
  readonly sealed: Blob[];
  open: Uint8Array<ArrayBuffer>[];
  openBytes: number;
  bytes: number;
}

/** The events of a run as they were received; what is appended makes a new value. */
export interface EventLog {
  readonly shared: Shared;
  /** How many of the shared bytes are this log's. */
  readonly bytes: number;
  /** How many tokens it knows of. */
  readonly tokens: number;
  /** The event that it begins with, apart: a run that goes on past its limit has another. */
  readonly start: Uint8Array<ArrayBuffer> | null;
  /** New tokens at most, as that says. */
  readonly most: number;
  /** The event that ended it, apart: a run that goes on drops it. */
  readonly end: Uint8Array<ArrayBuffer> | null;
  /** Whether it was full before the run ended. */
  readonly full: boolean;
  /** What was received before the run was asked for again, until that comes as far. */
  readonly before: EventLog | null;
}

const encoder = new TextEncoder();

/**
 * The log after one more event. Each stream begins anew with `start`: one that repeats all
 * tokens takes the place of the one before, one that goes on from it is appended there.
 *
 * @param shown how many tokens are on the page
 */
export function logEvent(
  log: EventLog | null,
  event: RunEvent,
  shown: number,
  limit = MAX_LOG_BYTES,
): EventLog | null {
  if (event.line === undefined) return log;
  const line = encoder.encode(`${withoutBreaks(event.line)}\n`);
  if (event.type === "start") {
    const before = log && longer(log).tokens === shown && shown > 0 ? longer(log) : null;
    const most = event.start.settings.max_new_tokens;
    return { ...emptyLog(), start: line, most, before, full: line.length > limit };
  }
  if (!log) return null;
  if (event.type === "done" || event.type === "error") return { ...log, end: line };
  if (event.type !== "token") return append(log, line, limit);
  const goesOn = log.tokens === 0 && event.frame.index > 0 && log.before;
  const base = goesOn && goesOn.tokens === event.frame.index ? withLimit(goesOn, log) : log;
  const grown = append({ ...base, end: null }, line, limit);
  return grown.full ? grown : { ...grown, tokens: event.frame.index + 1 };
}

/** How many bytes saving it takes. */
export function logSize(log: EventLog): number {
  const { bytes, start, end, full } = longer(log);
  return (start?.length ?? 0) + bytes + (full ? 0 : (end?.length ?? 0));
}

/** How many tokens stand in it. */
export const loggedTokens = (log: EventLog): number => longer(log).tokens;

/** Whether the run went on after the log was full. */
export const isFull = (log: EventLog): boolean => longer(log).full;

/** The recording: one event a line, as received but for line breaks inside of strings. */
export function logBlob(log: EventLog): Blob {
  const { shared, bytes, start, end, full } = longer(log);
  const begun = new Blob([...shared.sealed, ...shared.open]).slice(0, bytes);
  const parts = [...(start ? [start] : []), begun, ...(end && !full ? [end] : [])];
  return new Blob(parts, { type: "application/x-ndjson" });
}

const longer = (log: EventLog): EventLog =>
  log.before && log.before.tokens > log.tokens ? log.before : log;

/** A log that goes on, with the start of the part that follows where that has a higher limit. */
const withLimit = (log: EventLog, { start, most }: EventLog): EventLog =>
  most > log.most ? { ...log, start, most } : log;

const emptyLog = (): EventLog => ({
  shared: { sealed: [], open: [], openBytes: 0, bytes: 0 },
  bytes: 0,
  tokens: 0,
  start: null,
  most: 0,
  end: null,
  full: false,
  before: null,
});

function append(log: EventLog, line: Uint8Array<ArrayBuffer>, limit: number): EventLog {
  const size = (log.start?.length ?? 0) + log.bytes + line.length;
  if (log.full || size > limit) return { ...log, full: true };
  const shared = log.shared.bytes === log.bytes ? log.shared : beginningOf(log);
  shared.open.push(line);
  shared.openBytes += line.length;
  shared.bytes += line.length;
  if (shared.openBytes >= PART_BYTES) {
    shared.sealed.push(new Blob(shared.open));
    shared.open = [];
    shared.openBytes = 0;
  }
  return { ...log, shared, bytes: shared.bytes };
}

/** Bytes of its own for a log that others have left behind. */
function beginningOf({ shared, bytes }: EventLog): Shared {
  const part = new Blob([...shared.sealed, ...shared.open]).slice(0, bytes);
  return { sealed: [part], open: [], openBytes: 0, bytes };
}
