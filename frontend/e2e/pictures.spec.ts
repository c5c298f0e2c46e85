import { expect, test } from "@playwright/test";
import { RECORDED_LINES } from "../lib/run/fixtures/recording";
import { OPEN_PANELS } from "../panels/registry";
import { Instrument, STORY } from "./instrument";

/** The token that the pictures show: not the newest, so that both sides of it are seen. */
const TOKEN = 7;

/**
 * Panels on a fixed recording against pictures kept beside this file. After a change that is meant:
 * `npx playwright test pictures.spec.ts --update-snapshots`, then look at what became of each.
 */
for (const colorScheme of ["light", "dark"] as const) {
  test(`panels look as they did, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: 1280, height: 1400 });
    await page.route("**/api/run", (route) =>
      route.fulfill({
        contentType: "text/event-stream",
        body: RECORDED_LINES.map((line) => `data: ${line}\n\n`).join(""),
      }),
    );
    const site = new Instrument(page);
    await site.open({ prompt: STORY });
    await site.run.click();
    await site.finished();
    await site.tokens.nth(-(RECORDED_LINES.length - 3 - TOKEN)).click();
    await page.mouse.move(2, 2);
    await page.evaluate(() => document.fonts.ready);
    for (const { id } of OPEN_PANELS) {
      await expect(page.locator(`[data-panel=${id}]`)).toHaveScreenshot(`${id}-${colorScheme}.png`);
    }
  });
}
