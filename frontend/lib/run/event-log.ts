import { endsRun, type RunEvent } from "@/lib/contract/frames";
import { withoutBreaks } from "./json-line";

/**
 * The maximum size of a recording. A longer run is recorded up to this size, so that hours of
 * streaming do not fill the memory.
 */
export const MAX_LOG_BYTES = 256 * 1024 * 1024;
/** Lines are joined to blobs of this size, which the browser may store on disk. */
const PART_BYTES = 256 * 1024;

/** An append-only list of bytes. Several logs may share it, each a prefix of it. */
interface Shared {
  readonly sealed: Blob[];
  open: Uint8Array<ArrayBuffer>[];
  openBytes: number;
  bytes: number;
}

/** The received events of a run. Immutable: appending returns a new log. */
export interface EventLog {
  readonly shared: Shared;
  /** The number of the shared bytes that belong to this log. */
  readonly bytes: number;
  /** The number of tokens in the log. */
  readonly tokens: number;
  /** The last token, kept apart because its text may be corrected when a run continues. */
  readonly last: Uint8Array<ArrayBuffer> | null;
  /** The start event, kept apart because it is replaced when a run continues beyond its limit. */
  readonly start: Uint8Array<ArrayBuffer> | null;
  /** The `max_new_tokens` of the start event. */
  readonly most: number;
  /** The last event (`done` or `error`), kept apart because a continued run drops it. */
  readonly end: Uint8Array<ArrayBuffer> | null;
  /** Whether the size limit was reached before the run ended. */
  readonly full: boolean;
  /** The log before the run was continued or repeated, to which the next new token is added. */
  readonly before: EventLog | null;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const encodeLine = (json: string) => encoder.encode(`${withoutBreaks(json)}\n`);

/**
 * Returns the log with one more event. Each stream begins with a `start` event. If a stream
 * continues a run, its new tokens are appended to the earlier log; tokens that it repeats are not.
 *
 * @param shown the number of tokens on the page
 */
export function logEvent(
  log: EventLog | null,
  event: RunEvent,
  shown: number,
  limit = MAX_LOG_BYTES,
): EventLog | null {
  if (event.line === undefined) return log;
  const line = encodeLine(event.line);
  if (event.type === "start") {
    if (log && shown > 0 && isFull(log)) return log;
    const before = log && longer(log).tokens === shown && shown > 0 ? longer(log) : null;
    const most = event.start.settings.max_new_tokens;
    return { ...emptyLog(), start: line, most, before, full: line.length > limit };
  }
  if (!log) return null;
  if (endsRun(event)) return endedWith(log, line);
  if (event.type !== "token") return append(log, line, limit);
  const { index } = event.frame;
  if (log.before && index < log.before.tokens) return log;
  const base = log.before ? withLimit(log.before, log) : log;
  const grown = append({ ...base, end: null }, line, limit, true);
  return grown.full ? grown : { ...grown, tokens: index + 1 };
}

/** Returns the log with another text of its last token. */
export function withLastText(log: EventLog, text: string): EventLog {
  if (log.before) return { ...log, before: withLastText(log.before, text) };
  if (!log.last) return log;
  const token = { ...JSON.parse(decoder.decode(log.last)), text };
  return { ...log, last: encodeLine(JSON.stringify(token)) };
}

/** A stream that ends before its first new token leaves the tokens of the earlier log. */
const endedWith = (log: EventLog, end: Uint8Array<ArrayBuffer>): EventLog =>
  log.before ? { ...withLimit(log.before, log), end } : { ...log, end };

/** Returns the size of the recording in bytes. */
export function logSize(log: EventLog): number {
  const { bytes, last, start, end, full } = longer(log);
  const apart = (start?.length ?? 0) + (last?.length ?? 0);
  return apart + bytes + (full ? 0 : (end?.length ?? 0));
}

/** Returns the number of tokens in the recording. */
export const loggedTokens = (log: EventLog): number => longer(log).tokens;

/** Whether the recording is incomplete because the size limit was reached. */
export const isFull = (log: EventLog): boolean => longer(log).full;

/**
 * Returns the recording as a file: one event per line, as received except for line breaks inside
 * strings.
 */
export function logBlob(log: EventLog): Blob {
  const { shared, bytes, last, start, end, full } = longer(log);
  const begun = new Blob([...shared.sealed, ...shared.open]).slice(0, bytes);
  const parts = [start, begun, last, full ? null : end].filter((part) => part !== null);
  return new Blob(parts, { type: "application/x-ndjson" });
}

const longer = (log: EventLog): EventLog =>
  log.before && log.before.tokens > log.tokens ? log.before : log;

/** Takes over the limit of a continued run if it is higher. */
function withLimit(log: EventLog, { most }: EventLog): EventLog {
  if (!log.start || most <= log.most) return log;
  const start = JSON.parse(decoder.decode(log.start));
  start.settings.max_new_tokens = most;
  return { ...log, start: encodeLine(JSON.stringify(start)), most };
}

const emptyLog = (): EventLog => ({
  shared: { sealed: [], open: [], openBytes: 0, bytes: 0 },
  bytes: 0,
  last: null,
  tokens: 0,
  start: null,
  most: 0,
  end: null,
  full: false,
  before: null,
});

/** Returns the log with one more line; the line of a token becomes the last one. */
function append(
  log: EventLog,
  line: Uint8Array<ArrayBuffer>,
  limit: number,
  isToken = false,
): EventLog {
  const size = (log.start?.length ?? 0) + log.bytes + (log.last?.length ?? 0) + line.length;
  if (log.full || size > limit) return { ...log, full: true };
  const shared = log.shared.bytes === log.bytes ? log.shared : beginningOf(log);
  for (const each of [log.last, isToken ? null : line]) {
    if (!each) continue;
    shared.open.push(each);
    shared.openBytes += each.length;
    shared.bytes += each.length;
  }
  if (shared.openBytes >= PART_BYTES) {
    shared.sealed.push(new Blob(shared.open));
    shared.open = [];
    shared.openBytes = 0;
  }
  return { ...log, shared, bytes: shared.bytes, last: isToken ? line : null };
}

/** Copies this log's bytes from a list that a longer log has extended. */
function beginningOf({ shared, bytes }: EventLog): Shared {
  const part = new Blob([...shared.sealed, ...shared.open]).slice(0, bytes);
  return { sealed: [part], open: [], openBytes: 0, bytes };
}
