import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, SLOW, STORY, TEXT_ONLY } from "./instrument";

/** The screenshots of a trace take longer than a run. */
test.use({ trace: "off" });

test("tokens appear one after another", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, max_new_tokens: 400, min_new_tokens: 400 });
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    new MutationObserver(() => {
      const done = document.querySelector("[aria-label='Status of the run']")?.textContent ?? "";
      const count = document.querySelectorAll("[role=option][data-place]").length;
      const state = `${count} ${done.includes("Done") ? "done" : "running"}`;
      if (seen.at(-1) !== state) seen.push(state);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await site.prompt.fill(STORY);
  await site.run.click();
  await site.finished();
  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  const running = new Set(seen.filter((state) => state.endsWith("running")));
  expect(running.size).toBeGreaterThanOrEqual(4);
  await expect(site.status).toContainText("400/400");
  await expect(site.status).toContainText("tokens/s");
});

test("the page shows the values that the API sends for the same seed and settings", async ({
  page,
}) => {
  const site = new Instrument(page);
  const settings = { prompt: STORY, max_new_tokens: 12, temperature: 0.9, seed: 11 };
  const answer = await page.request.post("/api/run", {
    headers: { Accept: "application/x-ndjson" },
    data: settings,
  });
  const events = (await answer.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const done = events.at(-1);
  // A finished run rests on the token of which the model was least certain.
  const shown = events
    .filter(({ type }) => type === "token")
    .reduce((least, event) => (event.entropy > least.entropy ? event : least));

  await site.open(settings);
  await site.run.click();
  await site.finished();
  const text = await page.getByRole("listbox").evaluate((list) => list.textContent);
  expect(text).toContain(STORY + done.text);
  const predictions = site.panel("Top predictions");
  await expect(predictions.getByRole("row")).toHaveCount(shown.top.length + 1);
  await expect(predictions.locator("tr[aria-current]")).toHaveCount(
    shown.top.some(({ id }: { id: number }) => id === shown.token.id) ? 1 : 0,
  );
  await expect(site.panel("Output distribution")).toContainText(
    shown.distribution.entropy.toFixed(2),
  );
});

test("Stop ends the run on the page and on the server", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({
    ...TEXT_ONLY,
    prompt: STORY,
    max_new_tokens: 450,
    min_new_tokens: 450,
    ...SLOW,
  });
  await site.prompt.focus();
  await page.keyboard.press("Control+Enter");
  // waitFor and keys, which are fast enough.
  await site.tokens.nth(14).waitFor({ state: "attached" });
  await site.prompt.blur();
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await expect(site.stop).toBeEnabled();
  await page.keyboard.press("Escape");
  await expect(site.status.getByText("Stopped", { exact: true }).first()).toBeVisible();
  const kept = await site.tokens.count();
  expect(kept).toBeLessThan(450);
  await expect
    .poll(async () => (await (await page.request.get("/api/health")).json()).runs_active)
    .toBe(0);
  expect(await site.tokens.count()).toBe(kept);
});

test("an error of the server is shown at the field and in the error card", async ({ page }) => {
  const site = new Instrument(page);
  await site.open(TEXT_ONLY);
  await site.prompt.fill("word ".repeat(5000));
  await site.run.click();
  await expect(site.alert).toContainText("The prompt does not fit");
  await expect(site.alert).toContainText("Setting to change: Prompt");
  await expect(site.prompt).toHaveAttribute("aria-invalid", "true");
  await expect(site.prompt).toBeFocused();
  await site.prompt.fill(STORY);
  await site.run.click();
  await site.finished();
  await expect(site.alert).toBeHidden();
});

test("a missing model is named, and the page still works", async ({ page }) => {
  const site = new Instrument(page);
  await page.goto(`/?model=nobody&prompt=${STORY}&max_new_tokens=4&panels=generated-text`);
  await expect(page.getByLabel("Model", { exact: true })).toHaveValue("nobody");
  await site.run.click();
  await expect(site.alert).toContainText("nobody");
  await page.getByLabel("Model", { exact: true }).selectOption("mav-tiny");
  await site.run.click();
  await site.finished();
});

test("a value out of range is not sent", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: STORY });
  await page.getByRole("textbox", { name: "Top-p" }).fill("1.5");
  await site.run.click();
  await expect(page.getByText("Enter a number: above 0 to 1.")).toBeVisible();
  await expect(site.status.getByText("Ready", { exact: true })).toBeVisible();
});

test("a broken stream keeps its tokens and continues from there", async ({ page }) => {
  const site = new Instrument(page);
  const settings = { prompt: STORY, max_new_tokens: 16, temperature: 0.8, seed: 5 };
  await site.open({ ...TEXT_ONLY, ...settings });
  await page.route(
    "**/api/run",
    async (route) => {
      const response = await route.fetch();
      const events = (await response.text()).split(/\r?\n\r?\n/);
      await route.fulfill({ response, body: `${events.slice(0, 8).join("\n\n")}\n\n` });
    },
    { times: 1 },
  );
  await site.run.click();
  await expect(site.alert).toContainText("The connection was lost during the run");
  const before = await page.getByRole("listbox").evaluate((list) => list.textContent);
  await site.alert.getByRole("button", { name: "Continue" }).click();
  await site.finished();
  const after = await page.getByRole("listbox").evaluate((list) => list.textContent);
  expect(after?.startsWith(before ?? "-")).toBe(true);

  const again = page.waitForResponse("**/api/run");
  await site.run.click();
  await (await again).finished();
  await site.finished();
  expect(await page.getByRole("listbox").evaluate((list) => list.textContent)).toBe(after);
});
