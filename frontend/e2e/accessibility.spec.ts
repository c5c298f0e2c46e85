import { expect, test } from "@playwright/test";
import { expectNoViolations } from "./axe";
import { Instrument, STORY } from "./instrument";

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const site = new Instrument(page);
    await site.open();
    await expectNoViolations(page);

    await page.getByText("More sampling controls").click();
    await page.getByText("Measuring").click();
    await page.getByRole("textbox", { name: "Top-p" }).fill("7");
    await expectNoViolations(page);

    await site.open({ prompt: STORY, max_new_tokens: 12, temperature: 0.8, top_p: 0.9, seed: 4 });
    await site.run.click();
    await site.finished();
    await expectNoViolations(page);

    await site.prompt.fill("word ".repeat(5000));
    await site.run.click();
    await expect(site.alert).toBeVisible();
    await expectNoViolations(page);

    await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await expectNoViolations(page);
  });
}

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
