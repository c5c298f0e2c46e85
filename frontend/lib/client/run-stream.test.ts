// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import type { RunEvent } from "@/lib/contract/frames";
import { RECORDED_LINES } from "@/lib/contract/recordings.fixture";
import { Refused, StreamBroken } from "./failure";
import { openRun } from "./run-stream";

afterEach(() => vi.unstubAllGlobals());

const sse = (line: string, n: number) => `event: x\r\nid: r:${n}\r\ndata: ${line}\r\n\r\n`;

/** Returns a response whose body arrives in chunks of `size` bytes. */
function answer(body: string, size: number): Response {
  const bytes = new TextEncoder().encode(body);
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) {
        controller.enqueue(bytes.slice(at, at + size));
      }
      controller.close();
    },
  });
  return new Response(stream, { headers: { "Content-Type": "text/event-stream" } });
}

async function collect(response: Response): Promise<RunEvent[]> {
  vi.stubGlobal("fetch", async () => response);
  const events: RunEvent[] = [];
  for await (const event of openRun({ prompt: "a" }, new AbortController().signal)) {
    events.push(event);
  }
  return events;
}

test.each([1, 7, 1000, 1e6])("a stream in chunks of %i bytes yields every event", async (size) => {
  const body = `: heartbeat\r\n\r\n${RECORDED_LINES.map(sse).join("")}`;
  const events = await collect(answer(body, size));
  expect(events.map(({ type }) => type)).toEqual(
    RECORDED_LINES.map((line) => JSON.parse(line).type),
  );
});

test("a page that receives many events at once still handles other events", async () => {
  let clock = 0;
  vi.spyOn(performance, "now").mockImplementation(() => (clock += 5));
  let turns = 0;
  const ticking = setInterval(() => turns++, 0);
  const events = await collect(answer(RECORDED_LINES.map(sse).join(""), 1e6));
  clearInterval(ticking);
  vi.restoreAllMocks();
  expect(turns).toBeGreaterThan(events.length / 4);
});

test("a stream that ends without done is broken", async () => {
  const body = RECORDED_LINES.slice(0, 5).map(sse).join("");
  await expect(collect(answer(body, 64))).rejects.toBeInstanceOf(StreamBroken);
});

test("a problem document becomes a failure with its field", async () => {
  const problem = { code: "invalid_settings", title: "No", detail: "Too hot", field: "top_p" };
  const refused = collect(new Response(JSON.stringify(problem), { status: 422 }));
  await expect(refused).rejects.toBeInstanceOf(Refused);
  await expect(refused).rejects.toMatchObject({ failure: problem });
});

test("an error response without a problem document has a title and its status", async () => {
  const refused = collect(new Response("<html>", { status: 502 }));
  await expect(refused).rejects.toMatchObject({
    failure: { detail: expect.stringContaining("502") },
  });
});

test.each(["90", new Date(Date.UTC(2026, 0, 1, 0, 1, 30)).toUTCString()])(
  "an error response tells when to try again: Retry-After: %s",
  async (header) => {
    vi.spyOn(Date, "now").mockReturnValue(Date.UTC(2026, 0, 1));
    const refused = collect(new Response("", { status: 503, headers: { "Retry-After": header } }));
    await expect(refused).rejects.toMatchObject({ status: 503, failure: { retryAfterS: 90 } });
    vi.restoreAllMocks();
  },
);
