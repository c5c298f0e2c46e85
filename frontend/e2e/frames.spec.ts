import { type Browser, expect, type Page, test } from "@playwright/test";
import { FRAME, type FrameTimes, frameTimes, shareOver, summary } from "./frame-times";
import { Instrument, STORY } from "./instrument";
import { longRun } from "./long-run";

const SHAPE = { tokens: 500, layers: 24, heads: 16 };
const MAX_SHARE = 0.05;
/** A machine that is shared has bad seconds; the page must have one good round of these. */
const ROUNDS = 3;

/** The test tool's own pictures of the page would be measured with it. */
test.use({ trace: "off" });

/**
 * What is measured: of the frames painted while the visitor scrubs or plays, how many ask more
 * than 16.7 ms of the main thread, in the processor's own time. That is the page's share of a frame
 * and the same on a busy machine as on an idle one. Printed beside it: the same work by the clock
 * on the wall, and the time from frame to frame, which both grow when other programs take the
 * processor; a frame counts as late when the next one came a whole frame of the screen after it was
 * due (the time between two frames wavers around 16.7 ms by nature).
 */
test.describe("a run of 500 tokens on a model of 24 layers", () => {
  test("every panel follows at 60 frames a second", async ({ browser, page }) => {
    const site = new Instrument(page);
    await page.route("**/api/run", (route) =>
      route.fulfill({ contentType: "text/event-stream", body: longRun(SHAPE) }),
    );
    await site.open({ prompt: STORY, max_new_tokens: SHAPE.tokens });
    await site.run.click();
    await site.finished();
    await expect(site.tokens).toHaveCount(SHAPE.tokens + 1);

    // Once unmeasured, so that code is compiled and pictures are laid out.
    await scrub(page);
    await holds(browser, page, "scrubbing", () => scrub(page));
    const last = await site.shownStep();
    expect(last).toBeGreaterThan(SHAPE.tokens - 20);
    await expect(site.panel("Output distribution")).toContainText(/effective tokens/);
    await expect(site.panel("Top predictions").locator("tr[aria-current]")).toHaveCount(1);
    await expect(
      page.getByRole("listbox").getByRole("option", { selected: true }),
    ).toBeInViewport();

    await page.getByLabel("Speed").selectOption("60");
    await holds(browser, page, "playing 60 tokens a second", async () => {
      await page.getByRole("slider", { name: "Token shown" }).press("Home");
      await page.getByRole("button", { name: "Play" }).click();
      await expect.poll(() => site.shownStep(), { intervals: [250] }).toBeGreaterThan(180);
      await page.getByRole("button", { name: "Pause", exact: true }).click();
    });
  });
});

/** To the right and back, and to the right again, as fast as the page takes the pointer. */
async function scrub(page: Page): Promise<void> {
  const track = page.getByRole("slider", { name: "Token shown" });
  const box = await track.boundingBox();
  if (!box) throw new Error("no timeline");
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + 2, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 4, y, { steps: 120 });
  await page.mouse.move(box.x + 4, y, { steps: 60 });
  await page.mouse.move(box.x + box.width - 4, y, { steps: 60 });
  await page.mouse.up();
}

async function holds(browser: Browser, page: Page, what: string, act: () => Promise<void>) {
  let best: FrameTimes | null = null;
  for (let round = 1; round <= ROUNDS; round++) {
    const times = await frameTimes(browser, page, act);
    console.log(`${what}, round ${round}: ${told(times)}`);
    if (!best || overBudget(times) < overBudget(best)) best = times;
    if (overBudget(best) <= MAX_SHARE) break;
  }
  if (!best) throw new Error("nothing was measured");
  expect(best.cpu.length).toBeGreaterThan(60);
  expect(overBudget(best)).toBeLessThanOrEqual(MAX_SHARE);
}

const overBudget = ({ cpu }: FrameTimes): number => shareOver(cpu, FRAME);

function told({ cpu, wall, deltas }: FrameTimes): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    `${cpu.length} frames`,
    `\n  main thread, processor time: ${summary(cpu)}; over 16.7 ms ${percent(shareOver(cpu, FRAME))}`,
    `\n  main thread, wall clock:     ${summary(wall)}; over 16.7 ms ${percent(shareOver(wall, FRAME))}`,
    `\n  from frame to frame:         ${summary(deltas)}; late ${percent(shareOver(deltas, 1.5 * FRAME))}`,
  ].join("");
}
