import { EventSourceParserStream } from "eventsource-parser/stream";
import type { RunRequest } from "@/lib/contract";
import type { RunEvent } from "@/lib/run/frames";
import { parseEvent } from "@/lib/run/parse-event";
import { StreamBroken } from "./failure";
import { accepted } from "./problem";

/**
 * Ask for a run and yield its events as they arrive.
 * Throws Refused before the stream, StreamBroken when it ends halfway, ContractMismatch for an
 * event that does not fit, and whatever fetch throws when nobody answers.
 */
export async function* openRun(
  request: RunRequest,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, void> {
  const response = await fetch("/api/run", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    body: JSON.stringify(request),
    signal,
  });
  yield* readEvents(await accepted(response));
}

async function* readEvents(response: Response): AsyncGenerator<RunEvent, void> {
  if (!response.body) throw new StreamBroken("no body");
  const messages = response.body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  for (;;) {
    const { value, done } = await messages.read().catch((error: unknown) => {
      throw new StreamBroken(String(error));
    });
    if (done) throw new StreamBroken("ended without done or error");
    const event = parseEvent(value.data);
    yield event;
    if (event.type === "done" || event.type === "error") return;
  }
}
