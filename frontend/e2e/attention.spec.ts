import { expect } from "@playwright/test";
import { expectNoViolations } from "./axe";
import { test } from "./fixtures";
import { Instrument, STORY } from "./instrument";

const PANELS = "attention-text.attention-heads.attention-maps.sampler-waterfall";
const RUN = {
  panels: PANELS,
  prompt: STORY,
  max_new_tokens: 12,
  min_new_tokens: 12,
  temperature: 0.8,
  top_p: 0.9,
  seed: 3,
  attn_every: 4,
};

test("the attention panels and the waterfall show a run", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const site = new Instrument(page);
  await site.open(RUN);
  await site.run.click();
  await site.finished();
  await site.showNewest();

  const overText = site.panel("Attention over the text");
  await expect(overText.getByText(/^Strongest:/)).toBeVisible();
  const heads = site.panel("Attention heads");
  const picture = heads.getByRole("group", { name: /Attention by layer and head/ });
  await picture.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect(heads.getByText(/^layer 0, head 0/).first()).toBeVisible();
  await expect(overText.getByRole("combobox", { name: "Layer" })).toHaveValue("0");
  await expect(overText.getByRole("combobox", { name: "Head" })).toHaveValue("0");

  await expect(site.panel("Attention maps").getByText(/at token 11/)).toBeVisible();
  const waterfall = site.panel("Sampler waterfall");
  await expect(waterfall.getByRole("columnheader", { name: /Top-p 0.9/ })).toBeVisible();
  await expect(waterfall.getByText("cut by").first()).toBeAttached();

  await expectNoViolations(page);

  // On a phone nothing overflows.
  await page.setViewportSize({ width: 360, height: 740 });
  await expect(site.panel("Sampler waterfall").getByRole("table")).toBeVisible();
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(over).toBeLessThanOrEqual(0);
});
