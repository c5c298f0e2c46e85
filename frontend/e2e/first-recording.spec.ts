import { expect, type Page } from "@playwright/test";
import { expectNoViolations } from "./axe";
import { test } from "./fixtures";
import { Instrument, STORY } from "./instrument";

interface LayoutShift extends PerformanceEntry {
  readonly value: number;
  readonly sources: readonly { readonly node: Node | null }[];
}

declare global {
  interface Window {
    moved: { value: number; nodes: (string | undefined)[] }[];
  }
}

/** A first visit: nothing is stored. */
test.use({ storageState: { cookies: [], origins: [] } });

const MARK = "A recording of mav-tiny";
const text = (page: Page) => page.getByRole("listbox").evaluate((list) => list.textContent);
const BEGINNING = "Lily found a big red ball in the garden. She";
const END = "She ran to the ball and tried to grab";

test("an empty page plays a recording, rests where the model hesitates, and is forked", async ({
  page,
}) => {
  await page.clock.install();
  await page.goto("/");
  const site = new Instrument(page);
  await expect(page.getByText(MARK)).toBeVisible();
  const panel = site.panel("Generated text");
  await expect(site.tokens.nth(13)).toBeAttached();
  expect(await text(page)).not.toContain(END);
  await page.clock.runFor(5_000);
  await expect(panel).toContainText(
    /It hesitates: “grab” 13\.4.%, “push” 10\.9.%\. Choose another:/,
  );
  expect(await text(page)).toContain(END);
  await expectNoViolations(page);
  // It is no run of the visitor.
  await expect(page).toHaveURL(/\/$/);

  const request = page.waitForRequest("**/api/run");
  await panel.getByRole("button", { name: "Continue with ␣push instead" }).click();
  const { forced_ids } = (await request).postDataJSON();
  expect(forced_ids).toHaveLength(15);
  await page.clock.runFor(60_000);
  await site.finished();
  expect(await text(page)).toContain("She ran to the ball and tried to push");
  await expect(page.getByText(MARK)).toBeHidden();
  await expect(site.status).toContainText("64/64");
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });

  test("the text is painted before any script is loaded, stays, and nothing moves", async ({
    page,
  }) => {
    await page.addInitScript(() => {
      window.moved = [];
      new PerformanceObserver((list) => {
        for (const shift of list.getEntries() as LayoutShift[]) {
          const nodes = shift.sources.map(({ node }) => node?.textContent?.slice(0, 40));
          window.moved.push({ value: shift.value, nodes });
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route("**/*.js", async (route) => {
      await released;
      await route.continue();
    });
    await page.goto("/", { waitUntil: "commit" });
    await expect(page.getByText(MARK)).toBeVisible();
    await expect(page.getByText("Enter a prompt and press Run.")).toBeHidden();
    const list = page.getByRole("listbox");
    await expect(list).toBeVisible();
    expect(await text(page)).toContain(BEGINNING);
    const painted = await list.elementHandle();
    release();
    await expect.poll(() => text(page)).toContain(END);
    // The same element, so that it is not painted again as the largest one of the page.
    expect(await painted?.evaluate((element) => element.isConnected)).toBe(true);
    await expect(page.getByText(/It hesitates/)).toBeVisible();
    const moved = await page.evaluate(() => window.moved);
    const sum = moved.reduce((total, { value }) => total + value, 0);
    expect(sum, JSON.stringify(moved)).toBeLessThan(0.01);
  });
});

for (const [visit, address, stored] of [
  ["after the recording was closed", "/", "closed"],
  ["that was at the recording before", "/", "shown"],
  ["of a link with settings", "/?temperature=0.7", null],
] as const) {
  test(`the page of a visit ${visit} does not begin with it`, async ({ page }) => {
    await page.addInitScript((seen) => {
      if (seen) localStorage.setItem("mav-recording", seen);
    }, stored);
    await page.route("**/*.js", (route) => route.abort());
    await page.goto(address);
    await expect(page.getByText("Enter a prompt and press Run.")).toBeVisible();
    await expect(page.getByText(MARK)).toBeHidden();
    await expect(page.getByRole("listbox")).toBeHidden();
  });
}

test("with reduced motion the recording is shown as a whole", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.clock.install();
  await page.goto("/");
  await expect(page.getByText(MARK)).toBeVisible();
  await expect.poll(() => text(page)).toContain(END);
});

test("it plays once, and does not come back after it was closed", async ({ page }) => {
  await page.goto("/");
  await expect.poll(() => text(page)).toContain(END);
  await page.clock.install();
  await page.reload();
  await expect.poll(() => text(page)).toContain(END);
  await page.getByRole("button", { name: "Close the recording" }).click();
  await expect(page.getByText("Enter a prompt and press Run.")).toBeVisible();
  await page.reload();
  await expect(page.getByText("Enter a prompt and press Run.")).toBeVisible();
  await expect(page.getByText(MARK)).toHaveCount(0);
});

for (const link of [`prompt=${STORY}`, "temperature=0.7", "training=example"]) {
  test(`a link with a run is not replaced: ${link.split("=")[0]}`, async ({ page }) => {
    const recordings: string[] = [];
    page.on(
      "request",
      (each) => each.url().includes("-first.jsonl") && recordings.push(each.url()),
    );
    await page.goto(`/?${link}`);
    const site = new Instrument(page);
    await expect(page.getByLabel("Model", { exact: true })).toBeEnabled();
    if (link.startsWith("training")) await expect(site.tokens.first()).toBeAttached();
    else await expect(page.getByText("Enter a prompt and press Run.")).toBeVisible();
    expect(recordings).toEqual([]);
  });
}

test("a run of one's own takes the place of the recording, and is restored instead of it", async ({
  page,
}) => {
  await page.goto("/");
  const site = new Instrument(page);
  await expect.poll(() => text(page)).toContain(END);
  await site.prompt.fill(STORY);
  await page.getByLabel("Max new tokens", { exact: true }).fill("12");
  await site.run.click();
  await expect(page.getByText(MARK)).toBeHidden();
  await site.finished();
  await expect(page.getByRole("tree")).toHaveCount(0);
  expect(await text(page)).toContain(STORY);
  await page.goto("/");
  await expect(page.getByRole("button", { name: "Open the last run" })).toBeVisible();
  await expect(page.getByText(MARK)).toHaveCount(0);
});

test("the server continues the recording", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto("/");
  const site = new Instrument(page);
  await expect.poll(() => text(page)).toContain(END);
  await page.getByRole("button", { name: "Step", exact: true }).click();
  await expect(site.status).toContainText("16/64");
  await expect(page.getByText(MARK)).toBeHidden();
});
