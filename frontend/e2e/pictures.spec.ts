import { expect, test } from "@playwright/test";
import { Instrument } from "./instrument";

/** Each panel on a recording that holds what it shows, and how far before the newest token. */
const RECORDINGS = [
  {
    file: "mav-tiny",
    back: 5,
    panels: [
      "generated-text",
      "top-predictions",
      "output-distribution",
      "layer-norms",
      "attention-entropy",
    ],
  },
  { file: "mav-tiny-deep", back: 2, panels: ["layer-tiles", "logit-lens", "trends"] },
  {
    file: "mav-tiny-attention",
    back: 1,
    panels: ["attention-text", "attention-heads", "attention-maps", "sampler-waterfall"],
  },
];

// Letters are drawn alike wherever this browser runs: no hints of the machine's, no colour fringes.
test.use({
  launchOptions: async ({ launchOptions }, use) => {
    const args = ["--font-render-hinting=none", "--disable-lcd-text", "--force-color-profile=srgb"];
    await use({ ...launchOptions, args: [...(launchOptions.args ?? []), ...args] });
  },
});

/** How they are renewed after a change that is meant: frontend/README.md. */
for (const colorScheme of ["light", "dark"] as const) {
  for (const { file, back, panels } of RECORDINGS) {
    test(`panels of ${file} look as they did, ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      // One panel below the other: none is as high or wide as its neighbours make it.
      await page.setViewportSize({ width: 440, height: 900 });
      const site = new Instrument(page);
      // The tokens to choose from stand in the text.
      await site.open({ panels: [...new Set(["generated-text", ...panels])].join(".") });
      await site.openRecording(`../tests/recordings/${file}.jsonl`);
      await site.finished();
      await site.tokens.last().focus();
      for (let step = 0; step < back; step++) await page.keyboard.press("ArrowLeft");
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await page.mouse.move(0, 0);
      await page.evaluate(() => document.fonts.ready);
      for (const id of panels) {
        const body = page.locator(`[data-panel=${id}] [data-panel-body]`);
        await expect.soft(body).toHaveScreenshot(`${id}-${colorScheme}.png`);
      }
    });
  }
}
