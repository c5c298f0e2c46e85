import { gzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { Instrument, STORY } from "./instrument";

/** The maximum size of the compressed JavaScript of the first load, in bytes. */
const BUDGET = 250_000;
/** Of what follows it without a click: the Stack, the recording, a run, and definitions of terms. */
const LATER = 30_000;

test.use({ storageState: { cookies: [], origins: [] } });

test("a first visit stays within its budget of JavaScript", async ({ page, request }) => {
  const html = await (await request.get("/")).text();
  const referenced = [...html.matchAll(/<script[^>]* src="([^"]+)"/g)].map(
    ([, src]) => new URL(src ?? "", "http://localhost/").pathname,
  );
  expect(referenced.length).toBeGreaterThan(3);

  const loaded = new Set<string>();
  page.on("request", (each) => {
    if (each.resourceType() === "script") loaded.add(new URL(each.url()).pathname);
  });
  const site = new Instrument(page);
  await site.open();
  await expect(page.getByText("A recording of mav-tiny")).toBeVisible();
  await site.open({ prompt: STORY, max_new_tokens: 4 });
  await site.run.click();
  await site.finished();

  const size = async (path: string) => gzipSync(await (await request.get(path)).body()).length;
  const sum = async (paths: Iterable<string>) =>
    (await Promise.all([...paths].map(size))).reduce((total, bytes) => total + bytes, 0);
  const [inPage, firstRun] = [
    await sum(referenced),
    await sum(new Set([...referenced, ...loaded])),
  ];
  console.log(`  gzipped JavaScript: ${inPage} bytes in the page, ${firstRun} with a first run`);
  expect(inPage).toBeLessThanOrEqual(BUDGET);
  expect(firstRun).toBeLessThanOrEqual(BUDGET + LATER);
});

test("all files are compressed; scripts are cached, the page is revalidated", async ({ page }) => {
  const answers = new Map<string, Record<string, string>>();
  page.on("response", async (response) => {
    answers.set(new URL(response.url()).pathname, await response.allHeaders());
  });
  await new Instrument(page).open();
  // The headers of an answer arrive after the answer.
  const scripts = () => [...answers].filter(([path]) => path.endsWith(".js"));
  await expect.poll(() => scripts().length).toBeGreaterThan(3);
  for (const [, headers] of scripts()) {
    expect(headers["cache-control"]).toContain("immutable");
    if (Number(headers["content-length"]) > 1000)
      expect(headers["content-encoding"]).toMatch(/br|gzip/);
  }
  await expect.poll(() => answers.get("/")?.["cache-control"]).toBe("no-cache");
  for (const path of ["/", "/api/openapi.json"]) {
    await expect.poll(() => answers.get(path)?.["content-encoding"], path).toMatch(/br|gzip/);
  }
});
