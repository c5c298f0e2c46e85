import { expect, type Page, test } from "@playwright/test";
import { LANGUAGES } from "../lib/text/language";
import { expectNoViolations } from "./axe";
import { Instrument, STORY } from "./instrument";
import { WALKS } from "./walks";

for (const language of LANGUAGES) {
  for (const [name, walk] of Object.entries(WALKS)) {
    // What colours do does not depend on the language.
    const themes = language === "en" ? (["light", "dark"] as const) : (["light"] as const);
    for (const colorScheme of themes) {
      test(`axe finds nothing, ${name}, ${language}, ${colorScheme}`, async ({ page }) => {
        // A walk looks at many views, and axe at every element of each.
        test.setTimeout(600_000);
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await walk(new Instrument(page, language), () => expectNoViolations(page));
      });
    }

    test(`nothing is wider than 360 pixels, ${name}, ${language}`, async ({ page }) => {
      await page.setViewportSize({ width: 360, height: 740 });
      await walk(new Instrument(page, language), async (view) => {
        expect(await widthOf(page), view).toBeLessThanOrEqual(360);
      });
    });
  }
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
