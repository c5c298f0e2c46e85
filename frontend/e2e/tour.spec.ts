import { expect, type Page, test } from "@playwright/test";
import { expectNoViolations } from "./axe";
import { Instrument, STORY } from "./instrument";

const card = (page: Page) => page.getByRole("dialog", { name: "Tour of the page" });
const rings = (page: Page) => page.locator("[data-tour-ring]");

/** Checks that each ring is around a visible element and that the card covers none of them. */
async function expectInView(page: Page): Promise<void> {
  const boxes = await rings(page).evaluateAll((all) =>
    all.map((ring) => ring.getBoundingClientRect().toJSON()),
  );
  const view = page.viewportSize() ?? { width: 0, height: 0 };
  expect(boxes.length).toBeGreaterThan(0);
  for (const box of boxes) {
    expect(box.width).toBeGreaterThan(20);
    expect(box.top).toBeLessThan(view.height);
    expect(box.bottom).toBeGreaterThan(0);
  }
  const own = await card(page).boundingBox();
  expect(own && own.x >= 0 && own.y >= 0).toBe(true);
  expect((own?.x ?? 0) + (own?.width ?? 0)).toBeLessThanOrEqual(view.width);
  expect((own?.y ?? 0) + (own?.height ?? 0)).toBeLessThanOrEqual(view.height);
}

for (const width of [360, 1280]) {
  test(`five steps point at parts of the page, at ${width} pixels`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ reducedMotion: "reduce" });
    const site = new Instrument(page);
    await site.open({ prompt: STORY, max_new_tokens: 6 });
    await page.getByRole("button", { name: "Take the tour" }).last().click();
    for (let step = 1; step <= 5; step += 1) {
      await expect(card(page)).toContainText(`Step ${step} of 5`);
      await expect(card(page)).toBeFocused();
      await expectInView(page);
      if (step % 2 === 1) await expectNoViolations(page, { opened: "[role=dialog]" });
      await page.keyboard.press("ArrowRight");
    }
    await expect(card(page)).toBeHidden();
    await expect(page.getByRole("button", { name: "Take the tour" }).last()).toBeFocused();
  });
}

test("a first visitor is asked once and can use the page meanwhile", async ({ page }) => {
  await page.setViewportSize({ width: 1600, height: 900 });
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 64, min_new_tokens: 64 });
  await expect(page.getByText("New here?")).toBeVisible();
  await page.getByRole("button", { name: "Take the tour" }).first().click();
  // The page works during the tour, and Escape ends the tour, not the run.
  await site.run.click();
  await expect(site.tokens.nth(12)).toBeAttached();
  await card(page).getByRole("button", { name: "Next" }).click();
  await page.keyboard.press("Escape");
  await expect(card(page)).toBeHidden();
  await site.finished();
  await page.reload();
  await expect(site.run).toBeVisible();
  await expect(page.getByRole("button", { name: "Take the tour" })).toHaveCount(1);
});

test("on an empty page the tour starts an example, and points at its results", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ max_new_tokens: 6 });
  await page.getByRole("button", { name: "Take the tour" }).last().click();
  await expect(card(page)).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await site.finished();
  await expect(site.prompt).toHaveValue(STORY);
  await expect(card(page)).toBeFocused();
  await expect(card(page)).toContainText("Step 2 of 5");
  await page.keyboard.press("ArrowRight");
  await expectInView(page);
});

test("steps without a panel on the page are left out", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 6, panels: "generated-text.trends" });
  await page.getByRole("button", { name: "Take the tour" }).last().click();
  for (let step = 1; step <= 3; step += 1) {
    await expect(card(page)).toContainText(`Step ${step} of 3`);
    await expect(card(page)).toBeFocused();
    await expectInView(page);
    await page.keyboard.press("ArrowRight");
  }
  await expect(card(page)).toBeHidden();
});

test("the tour continues in another language", async ({ page }) => {
  await page.setViewportSize({ width: 1600, height: 900 });
  await new Instrument(page).open();
  await page.getByRole("button", { name: "No, thanks" }).click();
  await page.getByRole("button", { name: "Take the tour" }).click();
  await page.getByRole("button", { name: "Next", exact: true }).click();
  await page.getByRole("button", { name: "Deutsch" }).click();
  await expect(page.getByRole("dialog")).toContainText("Schritt 2 von 5");
  await page.getByRole("button", { name: "Rundgang beenden" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
});
