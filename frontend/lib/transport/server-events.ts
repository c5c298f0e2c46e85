import { EventSourceParserStream } from "eventsource-parser/stream";
import { siteAddress } from "@/lib/address/site-address";
import { StreamBroken } from "./failure";
import { accepted } from "./problem";

/**
 * The data of each server-sent event that a POST is answered with.
 * Throws Refused before the stream, StreamBroken when it breaks, and whatever fetch throws.
 */
export async function* serverEvents(
  path: string,
  body: unknown,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const request = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  };
  for await (const { data } of serverMessages(path, request)) yield data;
}

/** For so long events are taken without a pause; then the page draws and hears keys. */
const TURN_MS = 8;

export interface ServerEvent {
  readonly data: string;
  /** Where a connection that was lost is taken up. */
  readonly id?: string | undefined;
}

/** The events that any request is answered with; throws as above. */
export async function* serverMessages(
  path: string,
  { headers, ...request }: RequestInit,
  onOpen?: () => void,
): AsyncGenerator<ServerEvent, void> {
  const response = await accepted(
    await fetch(siteAddress(path), {
      ...request,
      headers: { ...headers, Accept: "text/event-stream" },
    }),
  );
  onOpen?.();
  if (!response.body) throw new StreamBroken("no body");
  const messages = response.body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  let pausedAt = performance.now();
  for (;;) {
    const { value, done } = await messages.read().catch((error: unknown) => {
      throw new StreamBroken(String(error));
    });
    if (done) return;
    yield value;
    // What has arrived already is read without a task between: a fast server would hold the page
    // until its last event.
    if (performance.now() - pausedAt > TURN_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      pausedAt = performance.now();
    }
  }
}
