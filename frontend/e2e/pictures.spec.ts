import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument } from "./instrument";

/** The panels shown for each recording, and how many tokens before the last. */
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
      "what-if",
    ],
  },
  { file: "mav-tiny-deep", back: 2, panels: ["layer-tiles", "logit-lens", "trends"] },
  {
    file: "mav-tiny-attention",
    back: 1,
    panels: [
      ...["attention-text", "attention-heads", "attention-maps", "sampler-waterfall"],
      "head-atlas",
    ],
  },
];

// Text is rendered the same on every machine: without the machine's hinting and without subpixel
// antialiasing.
test.use({
  launchOptions: async ({ launchOptions }, use) => {
    const args = ["--font-render-hinting=none", "--disable-lcd-text", "--force-color-profile=srgb"];
    await use({ ...launchOptions, args: [...(launchOptions.args ?? []), ...args] });
  },
});

/** frontend/README.md describes how to update the pictures after an intended change. */
for (const colorScheme of ["light", "dark"] as const) {
  for (const { file, back, panels } of RECORDINGS) {
    test(`panels of ${file} look as they did, ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      // One panel per row, so that its size does not depend on its neighbours.
      await page.setViewportSize({ width: 440, height: 900 });
      const site = new Instrument(page);
      // The tokens to select are in the generated text.
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
