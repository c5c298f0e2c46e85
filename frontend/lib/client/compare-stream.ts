import type { CompareRequest } from "@/lib/contract";
import { type CompareEvent, parseCompareEvent } from "@/lib/contract/parse-compare-event";
import { streamedEvents } from "./sse";

const isLast = ({ type }: CompareEvent): boolean => type === "compared" || type === "error";

/** Starts a comparison on the server and yields its events. Throws the errors of `streamedEvents`. */
export const openCompare = (
  request: CompareRequest,
  signal: AbortSignal,
): AsyncGenerator<CompareEvent, void> =>
  streamedEvents({ path: "api/compare", parse: parseCompareEvent, isLast }, request, signal);
