import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { openLongRun, scrub } from "./long-run";

test.describe("a run of 500 tokens on a model of 24 layers", () => {
  const SHAPE = { tokens: 500, layers: 24, heads: 16 };

  test("panels show the token that is scrubbed to", async ({ page }) => {
    const site = await openLongRun(page, SHAPE);
    await scrub(page, 40);
    await expect.poll(() => site.shownStep()).toBeGreaterThan(SHAPE.tokens - 20);
    const label = await page
      .getByRole("listbox")
      .getByRole("option", { selected: true })
      .innerText();
    await expect(site.panel("The stack")).toContainText(`the model chose “${label.trim()}”`);
    await expect(site.panel("Output distribution")).toContainText(/effective tokens/);
    await expect(site.panel("Top predictions").locator("tr[aria-current]")).toHaveCount(1);
    await expect(
      page.getByRole("listbox").getByRole("option", { selected: true }),
    ).toBeInViewport();
  });

  // Frame times are measured by a benchmark (frames.bench.ts); this test counts layouts, their main
  // cause.
  test("a step lays out the page once", async ({ page }) => {
    await page.clock.install();
    await openLongRun(page, { ...SHAPE, tokens: 150 });
    const slider = page.getByRole("slider", { name: "Token shown" });
    await slider.press("Home");
    // The clock is paused: on a slow machine, too, the steps follow each other quickly, so that what
    // waits for them to rest is not laid out between them.
    const now = await page.evaluate(() => Date.now());
    await page.clock.pauseAt(now + 5000);
    const steps = 60;
    const layouts = await layoutsOf(page, async () => {
      for (let step = 0; step < steps; step++) {
        await page.keyboard.press("ArrowRight");
        await page.clock.runFor(20);
        // Lays out what the step has changed, if no frame has done so yet.
        await page.evaluate(() => document.body.getBoundingClientRect().height);
      }
    });
    expect(layouts / steps).toBeLessThan(1.5);
  });
});

/** Returns how often Chromium laid out the page during `act`. */
async function layoutsOf(page: Page, act: () => Promise<void>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const count = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "LayoutCount")?.value ?? Number.NaN;
  };
  const before = await count();
  await act();
  return (await count()) - before;
}
