import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, STORY } from "./instrument";

/** Returns the visible texts that are smaller than this many pixels, with their sizes. */
const smaller = (page: Page, least: number): Promise<string[]> =>
  page.evaluate((pixels) => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found: string[] = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent?.trim();
      if (!element || !text || element.closest("script, style, option, .sr-only")) continue;
      if (!element.checkVisibility({ visibilityProperty: true })) continue;
      const size = Number.parseFloat(getComputedStyle(element).fontSize);
      // The names of invisible characters are drawn by a pseudo-element.
      if (size > 0 && size < pixels) found.push(`${size} ${text}`);
    }
    return found;
  }, least);

test("F enlarges every text to 18 pixels or more and folds the form; F again ends it", async ({
  page,
}) => {
  await page.setViewportSize({ width: 1920, height: 1080 });
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 12 });
  await site.run.click();
  await site.finished();
  const model = page.getByLabel("Model", { exact: true });
  await expect(model).toBeVisible();
  await page.locator("main").focus();
  await page.keyboard.press("f");
  await expect(page).toHaveURL(/present=on/);
  await expect(model).toBeHidden();
  await expect(site.prompt).toBeVisible();
  expect(await smaller(page, 18)).toEqual([]);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBeLessThanOrEqual(0);
  // The text and the whole picture of the model are in view.
  const stack = page.locator("[data-panel=stack] [data-panel-body]");
  const box = await stack.boundingBox();
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(1080);

  await page.keyboard.press("f");
  await expect(model).toBeVisible();
  await expect(page).not.toHaveURL(/present/);
});

test("a link opens the page in Present mode, and a run starts there", async ({ page }) => {
  const site = new Instrument(page);
  await page.goto(`/?present=on&max_new_tokens=5&prompt=${encodeURIComponent(STORY)}`);
  await expect(site.prompt).toHaveValue(STORY);
  await site.run.click();
  // The prompt's tokens, and five.
  await expect(page.getByText(/^token \d of 0–4$/)).toBeVisible();
  await page.getByRole("button", { name: "Settings", exact: true }).click();
  await expect(page.getByLabel("Model", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "End presentation" }).click();
  await expect(page).not.toHaveURL(/present/);
});

test("the settings fold into a bar, which is remembered", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ prompt: STORY });
  await page.getByRole("button", { name: "Hide the settings" }).click();
  const model = page.getByLabel("Model", { exact: true });
  await expect(model).toBeHidden();
  await page.reload();
  await expect(site.prompt).toHaveValue(STORY);
  await expect(model).toBeHidden();
  await page.getByRole("button", { name: "Settings", exact: true }).click();
  await expect(model).toBeVisible();
});

test("an error of a folded setting unfolds the form", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ prompt: STORY, temperature: 99 });
  await page.getByRole("button", { name: "Hide the settings" }).click();
  await site.run.click();
  const temperature = page.getByRole("textbox", { name: "Temperature" });
  await expect(temperature).toBeFocused();
});
