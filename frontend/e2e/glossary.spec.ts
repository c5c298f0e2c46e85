import { expect } from "@playwright/test";
import { expectNoViolations } from "./axe";
import { test } from "./fixtures";
import { Instrument } from "./instrument";

test("the glossary is one page without violations, at any width", async ({ page }) => {
  await page.goto("/glossary");
  await expect(page.getByRole("heading", { name: "Glossary", level: 1 })).toBeVisible();
  await expect(page).toHaveTitle("Glossary · MAV");
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    // Colours do not depend on the width.
    await expectNoViolations(page, width === 1280 ? {} : { themes: [] });
  }
});

test("a link to a term shows it, in both languages", async ({ page }) => {
  await page.goto("/glossary#residual-stream");
  const term = page.locator("#residual-stream");
  await expect(term).toBeInViewport();
  await page.getByRole("button", { name: "DE" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Glossar");
  await expect(term).toContainText("Residualstrom");
  await expect(term).toBeInViewport();
  await expectNoViolations(page);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Glossar");
});

test("the keyboard moves from term to term and back to the site", async ({ page }) => {
  await page.goto("/glossary");
  const link = page.getByRole("link", { name: "entropy", exact: true }).first();
  await link.focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/#entropy$/);
  await expect(page.locator("#entropy")).toBeInViewport();
  await page.getByRole("link", { name: "Back to the site" }).focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/$/);
});

test("a panel's note links to its term in a new tab", async ({ page }) => {
  const site = new Instrument(page);
  await site.open();
  const panel = site.panel("Attention entropy");
  await panel.getByRole("button", { name: "What Attention entropy does not prove" }).click();
  const [glossary] = await Promise.all([
    page.waitForEvent("popup"),
    page
      .getByRole("dialog")
      .getByRole("link", { name: /Glossary/ })
      .click(),
  ]);
  await expect(glossary.locator("#attention-entropy")).toBeInViewport();
});
