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
 * What is asserted, in two tests: of the frames painted while the visitor scrubs or plays, at most 5 %
 * come later than 16.7 ms after the one before, and at most 5 % ask more than 16.7 ms of the main
 * thread, in the processor's own time. The latter is the page's share of a frame, the same on a busy
 * machine as on an idle one.
 */
test.describe("a run of 500 tokens on a model of 24 layers", () => {
  test("every panel follows at 60 frames a second", async ({ browser, page }) => {
    const site = await longRunOn(page);
    await holds(browser, page, late, SCRUBBING);
    const last = await site.shownStep();
    expect(last).toBeGreaterThan(SHAPE.tokens - 20);
    await expect(site.panel("Output distribution")).toContainText(/effective tokens/);
    await expect(site.panel("Top predictions").locator("tr[aria-current]")).toHaveCount(1);
    await expect(
      page.getByRole("listbox").getByRole("option", { selected: true }),
    ).toBeInViewport();
    await holds(browser, page, late, PLAYING);
  });

  test("every frame has room to spare", async ({ browser, page }) => {
    await longRunOn(page);
    await holds(browser, page, overBudget, PLAYING);
    await holds(browser, page, overBudget, SCRUBBING);
  });
});

interface Act {
  readonly name: string;
  /** Not measured. */
  readonly prepare: (page: Page) => Promise<void>;
  readonly act: (page: Page) => Promise<void>;
}

const SCRUBBING: Act = { name: "scrubbing", prepare: async () => {}, act: scrub };
const PLAYING: Act = { name: "playing 60 tokens a second", prepare: rewind, act: play };

/** The page with the whole run; scrubbed once, so that code is compiled and pictures are laid out. */
async function longRunOn(page: Page): Promise<Instrument> {
  const site = new Instrument(page);
  await page.route("**/api/run", (route) =>
    route.fulfill({ contentType: "text/event-stream", body: longRun(SHAPE) }),
  );
  await site.open({ prompt: STORY, max_new_tokens: SHAPE.tokens });
  await site.run.click();
  await site.finished();
  await expect(site.tokens).toHaveCount(SHAPE.tokens + 1);
  await scrub(page);
  return site;
}

async function rewind(page: Page): Promise<void> {
  await page.getByLabel("Speed").selectOption("60");
  await page.getByRole("slider", { name: "Token shown" }).press("Home");
}

/** By keys, and asking the page for no roles or names meanwhile: that would be counted as its work. */
async function play(page: Page): Promise<void> {
  await page.keyboard.press(" ");
  await page.waitForFunction(
    (step) => Number(document.querySelector("[role=slider]")?.ariaValueNow) > step,
    180,
    { polling: 100 },
  );
  await page.keyboard.press(" ");
}

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

/** The share of frames that are too long by one measure, in the best of the rounds. */
async function holds(
  browser: Browser,
  page: Page,
  share: (times: FrameTimes) => number,
  { name, prepare, act }: Act,
) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 1; round <= ROUNDS && best > MAX_SHARE; round++) {
    await prepare(page);
    const times = await frameTimes(browser, page, () => act(page));
    console.log(`${name}, round ${round}: ${told(times)}`);
    expect(times.deltas.length).toBeGreaterThan(60);
    expect(times.cpu.length).toBeGreaterThan(60);
    best = Math.min(best, share(times));
  }
  expect(best).toBeLessThanOrEqual(MAX_SHARE);
}

const overBudget = ({ cpu }: FrameTimes): number => shareOver(cpu, FRAME);

/** The times of frames come in tenths of a millisecond: 16.6, 16.7 or 16.8 is on time. */
const late = ({ deltas }: Pick<FrameTimes, "deltas">): number => shareOver(deltas, FRAME + 0.2);

function told({ cpu, wall, deltas }: FrameTimes): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    `${cpu.length} frames`,
    `\n  main thread, processor time: ${summary(cpu)}; over 16.7 ms ${percent(shareOver(cpu, FRAME))}`,
    `\n  main thread, wall clock:     ${summary(wall)}; over 16.7 ms ${percent(shareOver(wall, FRAME))}`,
    `\n  from frame to frame:         ${summary(deltas)}; over 16.7 ms ${percent(late({ deltas }))}`,
  ].join("");
}
