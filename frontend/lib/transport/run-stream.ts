import type { RunRequest } from "@/lib/contract";
import type { RunEvent } from "@/lib/run/frames";
import { parseEvent } from "@/lib/run/parse-event";
import { runPlace } from "./connections";
import { StreamBroken } from "./failure";
import { serverEvents } from "./server-events";

/**
 * Ask for a run and yield its events as they arrive.
 * Throws Refused before the stream, StreamBroken when it ends halfway, ContractMismatch for an
 * event that does not fit, and whatever fetch throws when nobody answers.
 */
export async function* openRun(
  request: RunRequest,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, void> {
  const leave = await runPlace(signal);
  try {
    for await (const data of serverEvents("api/run", request, signal)) {
      const event = parseEvent(data);
      yield event;
      if (event.type === "done" || event.type === "error") return;
    }
  } finally {
    leave();
  }
  throw new StreamBroken("ended without done or error");
}
