import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, STORY, TEXT_ONLY } from "./instrument";

test("after Run the keys are in the text", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: STORY, max_new_tokens: 8, min_new_tokens: 8 });
  await site.run.focus();
  await page.keyboard.press("Enter");
  const text = page.getByRole("listbox");
  await expect(text).toBeFocused();
  await site.finished();
  await expect(text).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => site.shownStep()).toBe(5);
});

test("the focus that the visitor moves before the text begins stays", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: STORY, max_new_tokens: 4 });
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route("**/api/run", async (route) => {
    await held;
    await route.continue();
  });
  await site.prompt.focus();
  await page.keyboard.press("Control+Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await site.prompt.focus();
  answer();
  await site.finished();
  await expect(site.prompt).toBeFocused();
});

test("from Run it is one Tab to a link to the text", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: STORY, max_new_tokens: 4 });
  await site.run.click();
  await site.finished();
  await site.run.focus();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the text" })).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("listbox")).toBeFocused();
});

test("links lead to each panel", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 4 });
  await site.run.click();
  await site.finished();
  const links = page.getByRole("navigation", { name: "Go to a panel" });
  const panels = page.locator("[data-panel]");
  const count = await panels.count();
  expect(count).toBeGreaterThan(3);
  for (let place = 0; place < count; place++) {
    await page.locator("#run").focus();
    await page.keyboard.press("Tab");
    if (place > 0) await page.keyboard.press("ArrowRight");
    const link = links.getByRole("link").nth(place);
    await expect(link).toBeFocused();
    await expect(link).toBeInViewport();
    await page.keyboard.press("Enter");
    const panel = panels.nth(place);
    await expect(panel).toHaveAccessibleName((await link.innerText()) ?? "");
    expect(await panel.evaluate((it) => it.contains(document.activeElement))).toBe(true);
    await expect(panel).toBeInViewport();
  }
});

for (const view of ["instrument", "compare", "chat"]) {
  test(`${view}: the first Tab stops at a link to the main part`, async ({ page }) => {
    await page.goto(`/?view=${view}`);
    await expect(page.locator("#model-help")).toContainText("parameters");
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name: "Skip to the run" })).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("main")).toBeFocused();
  });
}
