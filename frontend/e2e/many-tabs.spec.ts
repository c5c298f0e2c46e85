import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import { Instrument, SLOW, STORY, TEXT_AND_PREDICTIONS, WORDS } from "./instrument";
import { serveMav } from "./servers";

const LINES = readFileSync("../tests/recordings/training/mav-tiny-learns.jsonl", "utf8").split(
  /(?<=\n)/,
);
/** The first line of the last of its three steps. */
const LAST = LINES.findIndex((line) => line.includes('"step":50'));

const health = (page: Page) => page.evaluate(() => fetch("api/health").then(({ ok }) => ok));

test("eight tabs watch a training, and the server still answers each of them", async ({
  context,
}) => {
  const recording = test.info().outputPath("training.jsonl");
  writeFileSync(recording, LINES.slice(0, LAST).join(""));
  const server = await serveMav(["--watch", recording]);
  try {
    const pages: Page[] = [];
    const rows = (page: Page) =>
      page.getByRole("listbox", { name: WORDS.en.training.said }).getByRole("option");
    for (let n = 0; n < 8; n++) {
      const page = await context.newPage();
      await page.goto(`${server.url}/?training=live&panels=generated-text`);
      pages.push(page);
      expect(await health(page)).toBe(true);
    }
    // Playwright reports all of its pages as visible, like windows side by side, so all stay live.
    for (const page of pages) await expect(rows(page)).toHaveCount(2);
    appendFileSync(recording, LINES.slice(LAST).join(""));
    for (const page of pages) await expect(rows(page)).toHaveCount(3);
    for (const page of pages) {
      await expect(page.getByText(WORDS.en.training.following.lost)).toBeHidden();
      expect(await health(page)).toBe(true);
    }
  } finally {
    server.stop();
  }
});

test("queued runs leave the page a connection", async ({ page }) => {
  const server = await serveMav([], { MAV_MAX_RUNS: "1" });
  try {
    const site = new Instrument(page);
    const query = new URLSearchParams({
      ...TEXT_AND_PREDICTIONS,
      prompt: STORY,
      max_new_tokens: "400",
    });
    for (const [name, value] of Object.entries(SLOW)) query.set(name, String(value));
    await page.goto(`${server.url}/?${query}`);
    await site.run.click();
    await expect(site.tokens.nth(20)).toBeVisible();
    const others = page.locator("[data-panel=top-predictions] tbody tr button");
    const runs = page.getByRole("treeitem");
    for (let n = 1; n <= 7; n++) {
      // A click is lost if the row becomes that of the chosen token, which has no button, meanwhile.
      await expect(async () => {
        if ((await runs.count()) <= n) await others.nth(n).click();
        await expect(runs.nth(n)).toBeVisible({ timeout: 3_000 });
      }).toPass();
    }
    expect(await health(page)).toBe(true);
  } finally {
    server.stop();
  }
});
