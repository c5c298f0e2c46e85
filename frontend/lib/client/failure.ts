import type { Failure } from "@/lib/contract/frames";
import { ContractMismatch } from "@/lib/contract/validate";
import { words } from "./words";

/** The server answered with an error before it started a stream. */
export class Refused extends Error {
  constructor(
    readonly failure: Failure,
    /** The HTTP status; absent if the error came in an event. */
    readonly status?: number,
  ) {
    super(failure.title);
    this.name = "Refused";
  }
}

/** The stream ended without a `done` or `error` event. */
export class StreamBroken extends Error {
  override readonly name = "StreamBroken";
}

/** The server's time limit ended the continuation of a run before a new token. */
export class TimeLimitTooShort extends Error {
  override readonly name = "TimeLimitTooShort";
}

/** Converts an error of a request or stream to a failure that can be shown. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Refused) return error.failure;
  if (error instanceof StreamBroken) return { code: "stream_broken", ...words.streamBroken };
  if (error instanceof TimeLimitTooShort) {
    return { code: "time_limit_too_short", ...words.timeLimitTooShort };
  }
  if (error instanceof ContractMismatch) {
    const { title, detail } = words.contractMismatch;
    return { code: "contract_mismatch", title, detail: `${detail} (${error.message})` };
  }
  return { code: "unreachable", ...words.unreachable };
}

/**
 * Error codes that the same request would get again. Other errors may be temporary: a full queue,
 * too little memory, a model that fails to load, a lost connection.
 */
const REFUSED_AGAIN: ReadonlySet<string> = new Set([
  "invalid_settings",
  "unknown_model",
  "prompt_too_long",
  "run_too_large",
  "pattern_too_slow",
  "body_too_large",
  "not_json",
  "not_acceptable",
  "unsupported_media_type",
  "method_not_allowed",
  "not_found",
  "not_from_here",
  "host_refused",
  "origin_refused",
]);

/** Whether the same request may succeed if it is sent again. */
export const isWorthRetrying = ({ code }: Failure): boolean => !REFUSED_AGAIN.has(code);

/** Statuses with which a server or its proxy answers while it is busy or being started. */
const BUSY_STATUSES: ReadonlySet<number | undefined> = new Set([429, 502, 503, 504]);

/** Whether the cause of the error may pass by itself: no connection, or a busy server. */
export function isPassing(error: unknown): boolean {
  if (error instanceof Refused) {
    return BUSY_STATUSES.has(error.status) || error.failure.retryAfterS !== undefined;
  }
  return error instanceof StreamBroken || error instanceof TypeError;
}
