import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, SLOW, STORY, TEXT_ONLY } from "./instrument";

test("a token selected in the text is shown by every panel until the newest is followed", async ({
  page,
}) => {
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 16, min_new_tokens: 16 });
  await site.run.click();
  await site.finished();
  await site.showNewest();
  await expect.poll(() => site.shownStep()).toBe(15);
  const newest = await site.panel("Output distribution").innerText();
  const first = site.tokens.filter({ hasText: /./ }).nth(-14);
  await first.click();
  await expect.poll(() => site.shownStep()).toBeLessThan(15);
  const chosen = await site.shownStep();
  await expect(site.panel("Output distribution")).not.toHaveText(newest);
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => site.shownStep()).toBe(chosen + 1);
  await page.keyboard.press("l");
  await expect.poll(() => site.shownStep()).toBe(15);
});

test("Live is shown while a run is in progress, not after it or in a recording", async ({
  page,
}) => {
  const site = new Instrument(page);
  await site.open({
    ...TEXT_ONLY,
    ...SLOW,
    prompt: STORY,
    max_new_tokens: 400,
    min_new_tokens: 400,
  });
  const live = page.getByRole("button", { name: "Live" });
  await expect(live).toBeHidden();
  await site.run.click();
  await expect(live).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("Escape");
  await expect(site.status).toContainText("Stopped");
  await expect(live).toBeHidden();
  await site.openRecording("../tests/recordings/mav-tiny.jsonl");
  await site.finished();
  await expect(live).toBeHidden();
});

test("playing shows token after token and ends at the newest", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: STORY, max_new_tokens: 5, min_new_tokens: 5 });
  await site.run.click();
  await site.finished();
  const steps = page.getByRole("group", { name: "Which token" });
  await site.showNewest();
  await steps.evaluate((group) => {
    const shown: string[] = [];
    Object.assign(window, { shown });
    new MutationObserver(() => {
      const step = /token (\d+) of/.exec(group.textContent ?? "")?.[1] ?? "";
      if (shown.at(-1) !== step) shown.push(step);
    }).observe(group, { subtree: true, childList: true, characterData: true });
  });
  await steps.getByRole("button", { name: "Play" }).click();
  await expect(steps.getByRole("button", { name: "Pause", exact: true })).toBeHidden();
  const shown = await page.evaluate(() => (window as unknown as { shown: string[] }).shown);
  expect(shown).toEqual(["0", "1", "2", "3", "4"]);
});

test("nothing moves when a run starts and ends", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 24 });
  const boxes = () =>
    page
      .getByRole("main")
      .getByRole("region")
      .evaluateAll((panels) =>
        panels
          .filter((panel) => panel.tagName === "SECTION")
          .map((panel) => {
            const { top, height } = panel.getBoundingClientRect();
            return { name: panel.getAttribute("aria-labelledby"), top, height };
          }),
      );
  const empty = await boxes();
  await site.run.click();
  await expect(site.tokens.nth(12)).toBeAttached();
  const running = await boxes();
  await site.finished();
  expect(running).toEqual(empty);
  expect(await boxes()).toEqual(empty);
});

test("the address restores the same run", async ({ page, context }) => {
  const site = new Instrument(page);
  await site.open();
  await site.prompt.fill("The dragon & the ␣ fox");
  await page.getByRole("textbox", { name: "Temperature" }).fill("0.7");
  await page.getByRole("textbox", { name: "Seed" }).fill("12");
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByText("Link copied")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());

  const other = await context.newPage();
  await other.goto(link);
  await expect(other.getByRole("textbox", { name: "Prompt", exact: true })).toHaveValue(
    "The dragon & the ␣ fox",
  );
  await expect(other.getByRole("textbox", { name: "Temperature" })).toHaveValue("0.7");
  await expect(other.getByRole("textbox", { name: "Seed" })).toHaveValue("12");
});

test("a chosen theme survives a reload and is applied before the first paint", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  const site = new Instrument(page);
  await site.open();
  const paper = () =>
    page.evaluate(() => getComputedStyle(document.body.parentElement as Element).backgroundColor);
  const light = await paper();
  await page.getByRole("button", { name: "Dark" }).click();
  expect(await paper()).not.toBe(light);
  await page.reload({ waitUntil: "commit" });
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "Follow the system" }).click();
  expect(await paper()).toBe(light);
});

test("an example runs with one click", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, max_new_tokens: 4 });
  await page.getByRole("button", { name: /dragon/ }).click();
  await site.finished();
  await expect(site.prompt).toHaveValue(/dragon/);
});
