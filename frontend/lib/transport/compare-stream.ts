import { type CompareEvent, parseCompareEvent } from "@/lib/compare/parse-compare-event";
import type { CompareRequest } from "@/lib/contract";
import { runPlace } from "./connections";
import { StreamBroken } from "./failure";
import { serverEvents } from "./server-events";

/** Ask for a comparison and yield what both runs tell; throws as `openRun` does. */
export async function* openCompare(
  request: CompareRequest,
  signal: AbortSignal,
): AsyncGenerator<CompareEvent, void> {
  const leave = await runPlace(signal);
  try {
    for await (const data of serverEvents("api/compare", request, signal)) {
      const event = parseCompareEvent(data);
      yield event;
      if (event.type === "compared" || event.type === "error") return;
    }
  } finally {
    leave();
  }
  throw new StreamBroken("ended without compared or error");
}
