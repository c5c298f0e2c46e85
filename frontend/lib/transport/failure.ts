import type { Failure } from "@/lib/run/frames";
import { ContractMismatch } from "@/lib/run/parse-array";
import { text } from "@/lib/text";

/** The server answered with an error before a stream began. */
export class Refused extends Error {
  constructor(readonly failure: Failure) {
    super(failure.title);
    this.name = "Refused";
  }
}

/** The stream ended without `done` or `error`. */
export class StreamBroken extends Error {
  override readonly name = "StreamBroken";
}

/** Whatever went wrong on the way, in words for a person. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Refused) return error.failure;
  if (error instanceof StreamBroken)
    return { code: "stream_broken", ...text.failures.streamBroken };
  if (error instanceof ContractMismatch) {
    const { title, detail } = text.failures.contractMismatch;
    return { code: "contract_mismatch", title, detail: `${detail} (${error.message})` };
  }
  return { code: "unreachable", ...text.failures.unreachable };
}

/**
 * Codes of requests that the server refuses as often as they are sent. Everything else may go away
 * by itself: places become free, memory, a model, the connection.
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

/** Whether the same request may succeed when it is sent again. */
export const isWorthRetrying = ({ code }: Failure): boolean => !REFUSED_AGAIN.has(code);
