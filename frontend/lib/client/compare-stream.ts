import type { CompareRequest } from "@/lib/contract";
import { runsInBrowser } from "@/lib/contract/in-browser";
import { type CompareEvent, parseCompareEvent } from "@/lib/contract/parse-compare-event";
import { Refused } from "./failure";
import { nameHere } from "./run-stream";
import { streamedEvents } from "./sse";

const isLast = ({ type }: CompareEvent): boolean => type === "compared" || type === "error";
const STREAM = { path: "api/compare", parse: parseCompareEvent, isLast };

/**
 * Starts a comparison of two models of the server, or of two of the browser, and yields its events.
 * Throws the errors of `streamedEvents`.
 */
export async function* openCompare(
  request: CompareRequest,
  signal: AbortSignal,
): AsyncGenerator<CompareEvent, void> {
  const [a, b] = [request.a, request.b].map((run) => ({ ...run, model: nameHere(run.model) }));
  if (!a || !b || !runsInBrowser(a.model)) {
    yield* streamedEvents(STREAM, request, signal);
    return;
  }
  const { localRuns } = await import("./local-runs");
  for await (const event of localRuns.events(
    { type: "compare", request: { ...request, a, b } },
    STREAM,
    signal,
  )) {
    // On a server the runs end with events of their own; here they end with the comparison.
    if (event.type === "error") throw new Refused(event.failure);
    yield event;
  }
}
