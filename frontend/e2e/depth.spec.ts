import { expect, type Page } from "@playwright/test";
import { expectNoViolations } from "./axe";
import { test } from "./fixtures";
import { Instrument } from "./instrument";

const RECORDING = "../tests/recordings/mav-tiny.jsonl";

const choose = (page: Page, depth: string) =>
  page.getByRole("group", { name: "Depth" }).getByRole("button", { name: depth }).click();

test("three depths: words, terms, and units with formulas", async ({ page }) => {
  const site = new Instrument(page);
  await site.open();
  await site.openRecording(RECORDING);
  await site.finished();
  const text = site.panel("Generated text");
  const predictions = site.panel("Top predictions");
  const sentence = text.getByText(/^It /);

  // Explain is the default.
  await expect(sentence).toHaveText(/\d+\.\d.%/);
  await expect(predictions.getByText("What could have come next. Bar:")).toBeVisible();
  await expect(predictions.getByText("exp(zᵢ)")).toBeHidden();
  await expect(page).not.toHaveURL(/depth=/);

  await choose(page, "In plain words");
  await expect(sentence).toHaveText(/“[^”]+” >?\d+.in.100/);
  await expect(sentence).not.toContainText("%");
  await expect(predictions.getByText("The longer the bar, the likelier.")).toBeVisible();
  await expect(predictions.getByRole("columnheader", { name: "logit" })).toBeHidden();
  await expectNoViolations(page);

  await choose(page, "With units, hook points and formulas");
  await expect(sentence).toHaveText(/\d+\.\d.%/);
  await expect(predictions.getByText("exp(zᵢ)")).toBeVisible();
  await expect(predictions.getByText("probability, logit")).toBeVisible();
  await expect(text.getByText("logprob", { exact: true })).toBeVisible();
  await expectNoViolations(page);
});

test("at every depth and width the axis of the bars is their track", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ panels: "top-predictions" });
  await site.openRecording(RECORDING);
  await site.finished();
  const predictions = site.panel("Top predictions");
  // Neither the name nor the numbers of a row: the empty box behind its bars.
  const track = predictions.locator("tbody tr").first().locator("td [data-room]").first();
  const axis = predictions.locator("svg.bars").first();
  for (const depth of ["In plain words", "With the terms of the field"]) {
    await choose(page, depth);
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      await expect(async () => {
        const [of, on] = [await track.boundingBox(), await axis.boundingBox()];
        expect(on?.x).toBeCloseTo(of?.x ?? 0, 0);
        expect(on?.width).toBeCloseTo(of?.width ?? 0, 0);
      }, `${depth}, ${width}`).toPass({ timeout: 10_000 });
    }
  }
});

test("the depth is in the link and is remembered", async ({ page, browser }) => {
  await page.goto("/");
  await choose(page, "In plain words");
  await expect(page).toHaveURL(/depth=look/);
  await page.goto("/");
  const pressed = page.getByRole("button", { name: "In plain words" });
  await expect(pressed).toHaveAttribute("aria-pressed", "true");
  await expect(page).toHaveURL(/depth=look/);
  const link = page.url();

  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(link);
  const shown = other.locator("[data-panel=top-predictions]").getByText("The longer the bar");
  await expect(shown).toBeVisible();
  // A link is not remembered.
  await other.goto(new URL("/", link).href);
  await expect(shown).toBeHidden();
  await context.close();
});

test("on a phone the depth is a list", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await new Instrument(page).open();
  await page.getByRole("combobox", { name: "Depth" }).selectOption("measure");
  await expect(page).toHaveURL(/depth=measure/);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBeLessThanOrEqual(0);
});
