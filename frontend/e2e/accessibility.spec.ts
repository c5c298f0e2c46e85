import { expect, type Page, test } from "@playwright/test";
import { LANGUAGES } from "../lib/text/language";
import { PANELS } from "../panels/registry";
import { expectNoViolations } from "./axe";
import { Instrument, STORY } from "./instrument";

/** Walks through every view of the page and looks at each. */
async function visitEveryView(site: Instrument, look: (view: string) => Promise<void>) {
  const { page, words } = site;
  await site.open();
  await look("empty");

  // On a small screen the controls wait behind a button.
  const common = page.getByRole("button", { name: words.form.common, exact: true });
  if (await common.isVisible()) await common.click();
  await page.getByText(words.form.more).click();
  await page.getByText(words.form.measuring, { exact: true }).click();
  await page.getByRole("textbox", { name: "Top-p" }).fill("7");
  await look("settings");

  await site.open({ prompt: STORY, max_new_tokens: 12, temperature: 0.8, top_p: 0.9, seed: 4 });
  await site.run.click();
  await site.finished();
  await look("run");

  const panels = PANELS.map(({ id }) => id).join(".");
  await site.open({ prompt: STORY, max_new_tokens: 12, panels });
  await site.run.click();
  await site.finished();
  await expect(page.locator("[data-panel] .breathing")).toHaveCount(0);
  await look("every panel");

  await page.getByRole("button", { name: words.arrangement.open, exact: true }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await look("list of panels");
  await page.keyboard.press("Escape");

  await site.prompt.fill("word ".repeat(5000));
  await site.run.click();
  await expect(site.alert).toBeVisible();
  await look("refused");

  await page.keyboard.press("Tab");
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await look("shortcuts");
}

for (const language of LANGUAGES) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`axe finds nothing, ${language}, ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await visitEveryView(new Instrument(page, language), () => expectNoViolations(page));
    });
  }

  test(`no view is wider than 360 pixels, ${language}`, async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await visitEveryView(new Instrument(page, language), async (view) => {
      expect(await widthOf(page), view).toBeLessThanOrEqual(360);
    });
  });
}

const widthOf = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth);

test("nothing moves for those who want less motion", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 24 });
  await site.run.click();
  await expect(site.tokens.nth(12)).toBeAttached();
  const moving = await page.evaluate(() =>
    document
      .getAnimations()
      .map(({ effect }) => (effect as KeyframeEffect | null)?.target?.tagName),
  );
  expect(moving).toEqual([]);
});

test("everything can be done from the keyboard", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ max_new_tokens: 12, min_new_tokens: 12 });
  await site.prompt.focus();
  await page.keyboard.type(STORY);
  await page.keyboard.press("Control+Enter");
  await site.finished();

  await site.tokens.last().focus();
  const shown = await site.shownStep();
  await page.keyboard.press("ArrowLeft");
  expect(await site.shownStep()).toBe(shown - 1);
  await expect(page.getByRole("listbox").getByRole("option", { selected: true })).toBeFocused();

  const picture = site.panel("Attention entropy").getByRole("group");
  await picture.focus();
  await page.keyboard.press("ArrowRight");
  await expect(picture).toContainText("layer 0, head 0");
  await page.keyboard.press("ArrowDown");
  await expect(picture).toContainText("layer 1, head 0");

  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("the end of a run is announced once, not every token", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 24 });
  await page.evaluate(() => {
    const said: string[] = [];
    Object.assign(window, { said });
    const live = document.querySelector("[role=status]");
    if (!live) throw new Error("no live region");
    new MutationObserver(() => said.push(live.textContent ?? "")).observe(live, {
      subtree: true,
      childList: true,
      characterData: true,
    });
  });
  await site.run.click();
  await site.finished();
  const said = await page.evaluate(() => (window as unknown as { said: string[] }).said);
  expect(said.length).toBeLessThanOrEqual(6);
  expect(said.at(-1)).toMatch(/^The run is done after \d+ tokens/);
});
