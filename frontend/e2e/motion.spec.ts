import { expect, type Page, test } from "@playwright/test";
import { Instrument, STORY } from "./instrument";
import { longRun } from "./long-run";

const SHAPE = { tokens: 60, layers: 4, heads: 4 };

/** The fraction of pixels that may differ noticeably, because a canvas antialiases text differently. */
const MAX_SHARE = 0.001;

/** The clock is paused: the tokens settle only when the test advances it. */
test.describe("during rapid updates", () => {
  for (const theme of ["light", "dark"] as const) {
    for (const ratio of [1, 2]) {
      test(`the rows look the same as at rest, ${theme}, device pixel ratio ${ratio}`, async ({
        playwright,
        launchOptions,
        baseURL,
      }) => {
        // A real device pixel ratio. An emulated one snaps to CSS pixels instead of device pixels.
        const args = [`--force-device-scale-factor=${ratio}`, "--window-size=1280,900"];
        const browser = await playwright.chromium.launch({
          ...launchOptions,
          args: [...(launchOptions.args ?? []), ...args],
        });
        const page = await browser.newPage({
          viewport: null,
          colorScheme: theme,
          ...(baseURL && { baseURL }),
        });
        expect(await page.evaluate(() => devicePixelRatio)).toBe(ratio);
        const { panel, fly, rest } = await flying(page);
        const list = panel.getByRole("group", { name: /candidates/i });
        for (const scrolled of [0, 187]) {
          await list.evaluate((box, top) => box.scrollTo(0, top), scrolled);
          await fly();
          await expect(panel.locator("canvas")).toBeVisible();
          const moving = await panel.screenshot();
          await rest();
          await expect(panel.locator("canvas")).toHaveCount(0);
          expect(await differing(page, moving, await panel.screenshot())).toBeLessThan(MAX_SHARE);
        }
        await browser.close();
      });
    }
  }

  test("screen readers get no numbers of another token", async ({ page }) => {
    const { panel, fly, rest } = await flying(page);
    const rows = panel.getByRole("row");
    const before = await rows.allInnerTexts();
    expect(before).toHaveLength(21);
    await fly();
    // Only the header of the table.
    await expect(rows).toHaveCount(1);
    await rest();
    await expect(rows).toHaveCount(21);
    expect(await rows.allInnerTexts()).not.toEqual(before);
  });

  test("rows can be read and chosen while the pointer or the keyboard focus is in them", async ({
    page,
  }) => {
    const { panel, fly } = await flying(page);
    const rows = panel.getByRole("row");
    await rows.nth(3).hover();
    const before = await rows.allInnerTexts();
    await fly();
    await expect(rows).toHaveCount(21);
    expect(await rows.allInnerTexts()).not.toEqual(before);
  });
});

async function flying(page: Page) {
  const site = new Instrument(page);
  // A name that is too long for its box, with a line break in it.
  const body = longRun(SHAPE).replaceAll('" happy"', '" happiness\\nand"');
  await page.route("**/api/run", (route) =>
    route.fulfill({ contentType: "text/event-stream", body }),
  );
  await page.clock.install();
  await site.open({ prompt: STORY, max_new_tokens: SHAPE.tokens });
  await site.run.click();
  await site.finished();
  const panel = site.panel("Top predictions");
  // What is out of view does not follow.
  await panel.evaluate((element) => element.scrollIntoView({ block: "center" }));
  const slider = page.getByRole("slider", { name: "Token shown" });
  await slider.press("ArrowLeft");
  const now = await page.evaluate(() => Date.now());
  await page.clock.pauseAt(now + 5000);
  return {
    panel,
    /** Shows four more tokens, one per frame. */
    fly: async () => {
      for (let step = 0; step < 4; step++) {
        await page.keyboard.press("ArrowLeft");
        await page.clock.runFor(20);
      }
    },
    rest: () => page.clock.runFor(1000),
  };
}

/** Returns the fraction of pixels that differ. */
function differing(page: Page, one: Buffer, other: Buffer): Promise<number> {
  const pictures = [one, other].map((png) => `data:image/png;base64,${png.toString("base64")}`);
  return page.evaluate(async (sources) => {
    const dots = await Promise.all(
      sources.map(async (source) => {
        const image = new Image();
        image.src = source;
        await image.decode();
        const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
        context?.drawImage(image, 0, 0);
        return context?.getImageData(0, 0, image.width, image.height).data ?? [];
      }),
    );
    const [first = [], second = []] = dots;
    let differ = first.length === second.length ? 0 : Number.POSITIVE_INFINITY;
    for (let i = 0; i < first.length; i += 4) {
      const far = [0, 1, 2].some((c) => Math.abs((first[i + c] ?? 0) - (second[i + c] ?? 0)) > 32);
      if (far) differ++;
    }
    return differ / Math.max(1, first.length / 4);
  }, pictures);
}
