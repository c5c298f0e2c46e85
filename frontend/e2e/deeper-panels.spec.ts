import { expect } from "@playwright/test";
import { expectNoViolations } from "./axe";
import { test } from "./fixtures";
import { Instrument, STORY } from "./instrument";

const SETTINGS = {
  prompt: STORY,
  max_new_tokens: 12,
  min_new_tokens: 12,
  temperature: 0.8,
  seed: 4,
  panels: "generated-text.layer-tiles.logit-lens.trends",
};

test("tiles, lens and trends show a real run, and selecting a token updates all of them", async ({
  page,
}) => {
  const site = new Instrument(page);
  await site.open({ ...SETTINGS, tile: '{"height":8,"width":12,"projection":"pca"}' });
  await site.run.click();
  await site.finished();

  const tiles = site.panel("Layer tiles");
  const picture = tiles.getByRole("group", { name: /6 layers as tiles of 8 by 12/ });
  await picture.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("PageDown");
  await expect(tiles.getByText(/layer 1, component 0 \(row 0, column 0\)/).first()).toBeVisible();
  const inked = await tiles.locator("canvas").evaluate((canvas: HTMLCanvasElement) => {
    const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
    return new Set(data?.filter((_, i) => i % 4 === 0)).size;
  });
  expect(inked).toBeGreaterThan(20);

  const lens = site.panel("Logit lens");
  await expect(lens.getByRole("row")).toHaveCount(7);
  await expect(lens.getByText("settles")).toHaveCount(1);

  const slider = site.panel("Trends").getByRole("slider");
  await slider.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => site.shownStep()).toBe(1);
  await expect(slider).toHaveAttribute("aria-valuetext", /token 1, .*Probability/);
});

test("choices in panels are in the link, which restores them", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...SETTINGS, panels: `${SETTINGS.panels}.layer-norms.attention-heads` });
  await site.run.click();
  await site.finished();
  const heads = site.panel("Attention heads");
  await heads.getByLabel("Layer", { exact: true }).selectOption("3");
  await heads.getByLabel("Head", { exact: true }).selectOption("1");
  await heads.getByLabel("First token").selectOption("left out");
  await site.panel("Layer tiles").getByLabel("Colours").selectOption("viridis");
  await page.getByRole("button", { name: "Over time" }).click();
  await page.getByRole("button", { name: "Residual", exact: true }).click();
  await site.panel("Trends").getByRole("button", { name: "Remove Entropy" }).click();
  const query = () => new URL(page.url()).searchParams;
  await expect.poll(() => query().get("trends")).toBe("prob*resid.3");
  expect(query().get("attention")).toBe("3.1*root100*rest");

  await page.reload();
  await site.run.click();
  await site.finished();
  await expect(heads.getByLabel("Head", { exact: true })).toHaveValue("1");
  await expect(heads.getByLabel("First token")).toHaveValue("always");
  await expect(site.panel("Layer tiles").getByLabel("Colours")).toHaveValue("viridis");
  for (const name of ["Over time", "Residual"]) {
    await expect(page.getByRole("button", { name, exact: true })).toHaveAttribute(
      "aria-pressed",
      "true",
    );
  }
  await expect(site.panel("Trends").getByRole("button", { name: /^Remove/ })).toHaveCount(2);
});

test("moving top-p shows what it would cut, before anything is run again", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...SETTINGS, panels: "generated-text.top-predictions.what-if" });
  await site.run.click();
  await site.finished();
  const panel = site.panel("What if");
  await expect(panel.getByText("cut by Top-p")).toHaveCount(0);
  await panel.getByRole("slider", { name: "Top-p" }).fill("0.5");
  await expect(panel.getByText("cut by Top-p").first()).toBeAttached();
  expect(await site.panel("Top predictions").getByText("top-p", { exact: true }).count()).toBe(0);
  await expect.poll(() => new URL(page.url()).searchParams.get("what-if")).toBe("top_p0.5");
  await expectNoViolations(page, { opened: "[data-panel=what-if]" });
});

test("the settings of tiles are in the form and in the link", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ prompt: STORY });
  await page.getByText("Measuring", { exact: true }).click();
  await page.getByLabel("Vector shown").selectOption("mlp");
  await page.getByLabel("Rows", { exact: true }).fill("4");
  const tile = () => JSON.parse(new URL(page.url()).searchParams.get("tile") ?? "null");
  await expect.poll(tile).toEqual({ signal: "mlp", height: 4 });
  await page.getByLabel("Rows", { exact: true }).fill("99");
  await expect(page.getByText("Enter a number: 1 to 64.")).toBeVisible();
});
