import { type CDPSession, expect, type Page, test } from "@playwright/test";
import { RECORDED_LINES } from "../lib/contract/recordings.fixture";
import { Instrument } from "./instrument";

/**
 * A run as long as one hour at three to four tokens per second, generated in the page: one recorded
 * token repeated, with tiles of the size of a large model.
 */
const TOKENS = 12_600;
const LAYERS = 24;
const SIDE = 32;
const TILES_MB = (TOKENS * LAYERS * SIDE * SIDE * 4) / 2 ** 20;
/** 384 MiB is the limit of measurements; the rest is for the page with all its text. */
const BOUND_MB = 384 + 160;

/** Answers the page's next run with generated tokens; `window.sent` counts them. */
async function streamForAnHour(page: Page): Promise<void> {
  await page.addInitScript(
    ({ lines, tokens, shape }) => {
      const given = window.fetch;
      const data = btoa(String.fromCharCode(...new Uint8Array(shape.reduce((a, b) => a * b))));
      const tiles = { shape, dtype: "u8", data };
      const [start, prompt, token] = lines.map((line) => JSON.parse(line));
      start.settings.max_new_tokens = tokens;
      start.model.layers = shape[0];
      const line = (index: number): string => {
        if (index === -2) return JSON.stringify(start);
        if (index === -1) return JSON.stringify(prompt);
        return JSON.stringify({ ...token, index, position: index, tiles });
      };
      const encoder = new TextEncoder();
      window.fetch = async (input, init) => {
        if (!String(input).endsWith("/api/run")) return given(input, init);
        let next = -2;
        const body = new ReadableStream<Uint8Array>({
          async pull(controller) {
            // Like the events of a server, these leave the page time to paint.
            await new Promise((resolve) => setTimeout(resolve));
            for (let i = 0; i < 40 && next < tokens; i += 1, next += 1) {
              controller.enqueue(encoder.encode(`event: x\ndata: ${line(next)}\n\n`));
            }
            Object.assign(window, { sent: next });
            if (next >= tokens) controller.close();
          },
        });
        return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
      };
    },
    { lines: RECORDED_LINES.slice(0, 3), tokens: TOKENS, shape: [LAYERS, SIDE, SIDE] },
  );
}

/** Returns the size in MiB of the page's objects and arrays after garbage collection. */
async function heldBy(session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.collectGarbage");
  const usage = (await session.send("Runtime.getHeapUsage")) as {
    usedSize: number;
    backingStorageSize?: number;
  };
  return (usage.usedSize + (usage.backingStorageSize ?? 0)) / 2 ** 20;
}

test("an hour of tokens takes a bounded amount of memory", async ({ page }) => {
  test.setTimeout(600_000);
  await streamForAnHour(page);
  const site = new Instrument(page);
  // Without the generated text, whose tokens are elements and not measurements.
  await site.open({ panels: "top-predictions.layer-norms.attention-entropy" });
  const session = await page.context().newCDPSession(page);
  await site.prompt.fill("An hour");
  await site.run.click();
  const held: string[] = [];
  let most = 0;
  for (const share of [0.25, 0.5, 0.75, 1]) {
    await page.waitForFunction(
      (count) => (window as unknown as { sent: number }).sent >= count,
      TOKENS * share,
      { polling: 200, timeout: 150_000 },
    );
    const megabytes = await heldBy(session);
    held.push(`${Math.round(megabytes)} MiB at ${TOKENS * share}`);
    most = Math.max(most, megabytes);
  }
  console.log(`  held: ${held.join(", ")} tokens; their tiles alone: ${Math.round(TILES_MB)} MiB`);
  expect(most).toBeLessThan(BOUND_MB);
  expect(BOUND_MB).toBeLessThan(TILES_MB / 2);
});
