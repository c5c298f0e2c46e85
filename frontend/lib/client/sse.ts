import { EventSourceParserStream } from "eventsource-parser/stream";
import { siteAddress } from "@/lib/url-state/site-address";
import { runPlace } from "./connections";
import { StreamBroken } from "./failure";
import { accepted } from "./problem";
import { authorization } from "./server-key";

export interface Stream<E> {
  readonly path: string;
  /** Parses the data of a server-sent event. */
  readonly parse: (data: string) => E;
  readonly isLast: (event: E) => boolean;
}

/**
 * Sends a POST request and yields the events of the response as they arrive, up to the last one.
 * Throws Refused if the server answers with an error, StreamBroken if the stream ends early,
 * ContractMismatch for an event that does not match the contract, and the errors of `fetch`.
 */
export async function* streamedEvents<E>(
  { path, parse, isLast }: Stream<E>,
  body: unknown,
  signal: AbortSignal,
): AsyncGenerator<E, void> {
  const leave = await runPlace(signal);
  const request = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  };
  try {
    for await (const { data } of serverMessages(path, request)) {
      const event = parse(data);
      yield event;
      if (isLast(event)) return;
    }
  } finally {
    leave();
  }
  throw new StreamBroken("ended before its last event");
}

/**
 * The time for which events are handled without a pause. Then the page can paint and handle input.
 */
const TURN_MS = 8;

export interface ServerEvent {
  readonly data: string;
  /** The event's id, with which a lost connection is resumed. */
  readonly id?: string | undefined;
}

/**
 * Sends any request and yields the server-sent events of the response. Throws Refused, StreamBroken
 * and the errors of `fetch`.
 */
export async function* serverMessages(
  path: string,
  { headers, ...request }: RequestInit,
  onOpen?: () => void,
): AsyncGenerator<ServerEvent, void> {
  const response = await accepted(
    await fetch(siteAddress(path), {
      ...request,
      headers: { ...headers, ...authorization(), Accept: "text/event-stream" },
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
    // Chunks that have already arrived are read in microtasks, so without this pause a fast server
    // would block the page until its last event.
    if (performance.now() - pausedAt > TURN_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      pausedAt = performance.now();
    }
  }
}
