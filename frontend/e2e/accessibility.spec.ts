import { expect, type Page } from "@playwright/test";
import { LANGUAGES } from "../lib/i18n/language";
import { expectNoViolations } from "./axe";
import { test } from "./fixtures";
import { Instrument, STORY, TEXT_ONLY } from "./instrument";
import { WALKS } from "./walks";

for (const [name, walk] of Object.entries(WALKS)) {
  test(`axe finds nothing, ${name}`, async ({ page }) => {
    // A walk visits many views, and axe checks every element of each.
    test.setTimeout(600_000);
    await page.emulateMedia({ reducedMotion: "reduce" });
    await walk(new Instrument(page), (_, opened) => expectNoViolations(page, { opened }));
  });

  for (const language of LANGUAGES) {
    // Colours depend neither on the language nor on the width.
    const checksAxe = language !== "en";
    const also = checksAxe ? ", and axe finds nothing" : "";
    test(`nothing is wider than 360 pixels${also}, ${name}, ${language}`, async ({ page }) => {
      test.setTimeout(600_000);
      await page.emulateMedia({ reducedMotion: "reduce" });
      await page.setViewportSize({ width: 360, height: 740 });
      await walk(new Instrument(page, language), async (view) => {
        expect(await widthOf(page), view).toBeLessThanOrEqual(360);
        if (checksAxe) await expectNoViolations(page, { themes: [] });
      });
    });
  }
}

const widthOf = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth);

test("nothing is animated with reduced motion", async ({ page }) => {
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
  await site.open({
    panels: "generated-text.attention-entropy",
    max_new_tokens: 12,
    min_new_tokens: 12,
  });
  await site.prompt.focus();
  await page.keyboard.type(STORY);
  await page.keyboard.press("Control+Enter");
  await site.finished();

  await site.tokens.last().focus();
  await page.keyboard.press("End");
  await expect.poll(() => site.shownStep()).toBe(11);
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => site.shownStep()).toBe(10);
  await expect(page.getByRole("listbox").getByRole("option", { selected: true })).toBeFocused();

  const picture = site.panel("Attention entropy").getByRole("group");
  await picture.focus();
  await page.keyboard.press("ArrowRight");
  await expect(picture).toContainText("layer 0, head 0");
  await page.keyboard.press("ArrowUp");
  await expect(picture).toContainText("layer 1, head 0");

  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("the end of a run is announced once, not every token", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: STORY, max_new_tokens: 24 });
  await page.evaluate(() => {
    const announced: string[] = [];
    Object.assign(window, { announced });
    const live = document.querySelector("[role=status]");
    if (!live) throw new Error("no live region");
    new MutationObserver(() => announced.push(live.textContent ?? "")).observe(live, {
      subtree: true,
      childList: true,
      characterData: true,
    });
  });
  await site.run.click();
  await site.finished();
  const announced = await page.evaluate(
    () => (window as unknown as { announced: string[] }).announced,
  );
  expect(announced.length).toBeLessThanOrEqual(6);
  expect(announced.at(-1)).toMatch(/^The run is done after \d+ tokens/);
});
