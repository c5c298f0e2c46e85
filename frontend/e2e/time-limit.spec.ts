import { readFile } from "node:fs/promises";
import { expect, test } from "@playwright/test";
import { Instrument, TEXT_ONLY } from "./instrument";
import { returnTo, roundRobin, type Started, serveFake } from "./servers";

test.use({ trace: "off" });
test.describe.configure({ timeout: 300_000 });

/** More than 2 s of generation. */
const SETTINGS = {
  prompt: "Once",
  max_new_tokens: 450,
  min_new_tokens: 450,
  seed: 11,
  temperature: 1,
};
let servers: Started[] = [];
let unlimited: Started;
let site: Started | undefined;

test.beforeAll(async () => {
  const environment = { MAV_DEADLINE_S: "2", MAV_SECRET: "shared by both servers" };
  servers = await Promise.all([serveFake(environment), serveFake(environment), serveFake()]);
  unlimited = servers[2] as Started;
  // The first comparison imports code, which takes long beside other tests.
  const run = { prompt: "a", max_new_tokens: 1 };
  const body = JSON.stringify({ a: run, b: run });
  const headers = { "Content-Type": "application/json" };
  for (const { url } of servers) {
    await (await fetch(`${url}/api/compare`, { method: "POST", headers, body })).text();
  }
  site = await roundRobin(servers.slice(0, 2));
});
test.beforeEach(({ page }) => returnTo(page));
test.afterAll(() => {
  site?.stop();
  for (const server of servers) server.stop();
});

/** The events of a run without a time limit, and those of a saved recording, without times. */
const eventsOf = (lines: string) =>
  lines
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("a run longer than the time limit of two servers is an unbroken run", async ({ page }) => {
  const answer = await page.request.post(`${unlimited.url}/api/run`, {
    headers: { Accept: "application/x-ndjson" },
    data: SETTINGS,
    timeout: 120_000,
  });
  const unbroken = eventsOf(await answer.text());

  const requests: Record<string, unknown>[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/api/run")) requests.push(request.postDataJSON());
  });
  const instrument = new Instrument(page);
  const query = Object.entries({ ...TEXT_ONLY, ...SETTINGS }).map(([name, value]) => [
    name,
    String(value),
  ]);
  await page.goto(`${site?.url}/?${new URLSearchParams(query)}`);
  await expect(page.locator("#model-help")).toContainText("layers");
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    const status = document.querySelector("[aria-label='Status of the run'] p");
    new MutationObserver(() => {
      const phase = status?.querySelector(".font-medium")?.textContent ?? "";
      if (seen.at(-1) !== phase) seen.push(phase);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await instrument.run.click();
  await instrument.finished(150_000);
  expect(requests.length).toBeGreaterThan(1);
  for (const { resume } of requests.slice(1)) expect(resume).toMatch(/^mav1\./);
  const phases = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  expect(phases.slice(phases.indexOf("Writing"))).toEqual(["Writing", "Done"]);
  await expect(instrument.status).toContainText("450/450");

  const download = await instrument.save(/Recording/);
  const saved = eventsOf(await readFile(await download.path(), "utf8"));
  expect(saved.map(({ type }) => type)).toEqual(unbroken.map(({ type }) => type));
  for (const [n, { type, token, text, forced, logprob }] of saved.entries()) {
    const like = unbroken[n];
    expect({ type, token, text, forced }).toEqual({
      type: like.type,
      token: like.token,
      text: like.text,
      forced: like.forced,
    });
    expect(logprob).toBe(like.logprob);
  }
  expect(saved.at(-1)).toMatchObject({ reason: "length", tokens: 450 });
});

test("a comparison that the time limit ends says so, and offers fewer tokens", async ({ page }) => {
  const query = { ...TEXT_ONLY, ...SETTINGS, view: "compare", "b.temperature": 1.2 };
  const pairs = Object.entries(query).map(([name, value]) => [name, String(value)]);
  await page.goto(`${site?.url}/?${new URLSearchParams(pairs)}`);
  await expect(page.locator("#model-help")).toContainText("layers");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const overview = page.getByRole("region", { name: "Overview of the comparison" });
  await expect(overview).toContainText(/time limit ended the comparison after \d+ tokens/);
  const asked = page.waitForRequest("**/api/compare");
  const again = overview.getByRole("button", { name: /^Compare again with/ });
  const tokens = Number(/\d+/.exec(await again.innerText())?.[0]);
  await again.click();
  const { a, b } = (await asked).postDataJSON();
  expect([a.max_new_tokens, b.max_new_tokens]).toEqual([tokens, tokens]);
  await expect(overview).toContainText("Compar");
});
