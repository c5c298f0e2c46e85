import { readFileSync, writeFileSync } from "node:fs";
import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, STORY, TEXT_AND_PREDICTIONS, TEXT_ONLY } from "./instrument";

/** Invisible characters and those that change how others are displayed, one per token. */
const UNSEEN: Readonly<Record<string, string>> = {
  "\u200d": "U+200D",
  "\u202e": "U+202E",
  "\ufe0f": "U+FE0F",
  "\f": "U+000C",
  "\0": "U+0000",
  "\uffff": "U+FFFF",
  "\u0301": "U+0301",
  "\u2028": "U+2028",
};

/** Writes a recorded run with these tokens. */
function recordingOf(texts: readonly string[], file: string): string {
  const lines = readFileSync("../tests/recordings/mav-tiny.jsonl", "utf8").trim().split("\n");
  const events = lines.map((line) => JSON.parse(line));
  for (const event of events) {
    const text = event.type === "token" ? texts[event.index] : undefined;
    if (text === undefined) continue;
    event.text = event.token.text = text;
    event.top[0].text = text;
  }
  writeFileSync(file, `${events.map((event) => JSON.stringify(event)).join("\n")}\n`);
  return file;
}

const isXml = (page: Page, svg: string) =>
  page.evaluate(
    (content) =>
      new DOMParser().parseFromString(content, "image/svg+xml").querySelector("parsererror") ===
      null,
    svg,
  );

test("invisible tokens are shown as names, can be selected and exported", async ({
  page,
}, info) => {
  const site = new Instrument(page);
  await site.open(TEXT_AND_PREDICTIONS);
  const texts = Object.keys(UNSEEN);
  await site.openRecording(recordingOf(texts, info.outputPath("unseen.jsonl")));
  await site.finished();
  for (const [place, name] of Object.values(UNSEEN).entries()) {
    const token = page.locator(`[role=option][aria-label*="${name}"]`).first();
    expect((await token.boundingBox())?.width).toBeGreaterThan(8);
    await token.click();
    await expect.poll(() => site.shownStep()).toBe(place);
    await expect(site.panel("Top predictions").getByRole("row").nth(1)).toContainText(name);
  }
  for (const panel of ["Top predictions", "Generated text"]) {
    await site.panel(panel).locator("[data-panel-menu]").click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page
        .getByRole("menuitem", { name: site.words.panelLayout.takeAway.svg, exact: true })
        .click(),
    ]);
    expect(await isXml(page, readFileSync(await download.path(), "utf8"))).toBe(true);
  }
  const copied = await page.getByRole("listbox").evaluate((list) => {
    const selection = getSelection();
    selection?.selectAllChildren(list);
    return selection?.toString() ?? "";
  });
  expect(copied).toContain("\u202e");
});

test("right-to-left text is laid out correctly and does not move its neighbours", async ({
  page,
}, info) => {
  const site = new Instrument(page);
  await site.open(TEXT_ONLY);
  await site.openRecording(recordingOf(["\u202e", " abc", " def"], info.outputPath("rlo.jsonl")));
  await site.finished();
  const left = (label: string) =>
    page
      .locator(`[role=option][aria-label^="${label}"]`)
      .first()
      .evaluate((chip) => chip.getBoundingClientRect().left);
  expect(await left("U+202E")).toBeLessThan(await left("␣abc"));
  expect(await left("␣abc")).toBeLessThan(await left("␣def"));
  await site.prompt.fill("السلام عليكم");
  expect(await site.prompt.evaluate((field) => getComputedStyle(field).direction)).toBe("rtl");
});

test("a run that reached its limit continues, and a prompt that is too long can be shortened", async ({
  page,
}) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: STORY, max_new_tokens: 6, min_new_tokens: 6 });
  await site.run.click();
  await site.finished();
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  await expect(site.status).toContainText("12/12");
  await site.finished();
  await site.prompt.fill("word ".repeat(1200));
  await site.run.click();
  await expect(site.alert).toContainText(/Shorten the prompt by at least \d+ tokens/);
  await expect(site.alert.getByRole("button", { name: "Try again" })).toHaveCount(0);
  await site.alert.getByRole("button", { name: "Shorten the prompt" }).click();
  await expect(site.prompt).toBeFocused();
});

/** Returns the elements reached by the tab key that are completely covered. */
async function coveredStops(page: Page): Promise<string[]> {
  const covered = new Set<string>();
  for (let stop = 0; stop < 60; stop++) {
    await page.keyboard.press("Tab");
    // A definition opens a little later.
    const shown = page.locator("[data-term-stop]:focus");
    if (await shown.count()) await page.locator("[role=dialog][data-definition]").waitFor();
    const name = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const { left, top, width, height } = element.getBoundingClientRect();
      if (width <= 1) return null;
      const seen = [0.05, 0.5, 0.95].some((x) =>
        [0.1, 0.5, 0.9].some((y) => {
          const found = document.elementFromPoint(left + width * x, top + height * y);
          return found && (element.contains(found) || found.contains(element));
        }),
      );
      return seen ? null : element.getAttribute("aria-label") || element.textContent;
    });
    if (name) covered.add(name);
  }
  return [...covered];
}

for (const [width, height] of [
  [320, 256],
  [640, 400],
  [390, 700],
] as const) {
  test(`at ${width} by ${height} nothing covers the focus, and lines wrap`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    const site = new Instrument(page);
    await site.open({ prompt: STORY, max_new_tokens: 12 });
    await site.run.click();
    await site.finished();
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBeLessThanOrEqual(0);
    await page.evaluate(() => window.scrollTo(0, 0));
    expect(await coveredStops(page)).toEqual([]);
  });
}

test("with forced colours shades and bars still differ", async ({ page }) => {
  await page.emulateMedia({ forcedColors: "active" });
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: STORY, max_new_tokens: 12 });
  await site.run.click();
  await site.finished();
  const shades = await page
    .locator(".token-shade")
    .evaluateAll(
      (chips) => new Set(chips.map((chip) => getComputedStyle(chip).backgroundColor)).size,
    );
  expect(shades).toBeGreaterThan(4);
});

test("a run is printed completely, on white, without sticky bars", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 200, min_new_tokens: 200, temperature: 0.8 });
  await site.run.click();
  await site.finished();
  await page.setViewportSize({ width: 718, height: 1030 });
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  const list = page.getByRole("listbox");
  const hidden = await list.evaluate((box) => box.scrollHeight - box.clientHeight);
  expect(hidden).toBeLessThanOrEqual(1);
  expect(
    await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor),
  ).toBe("rgb(255, 255, 255)");
  await expect(page.getByRole("button", { name: "Run", exact: true })).toBeHidden();
  await expect(page.getByText("Max new tokens").filter({ visible: true })).toBeVisible();
  const sticky = await page
    .locator("[data-part=timeline]")
    .evaluate((bar) => getComputedStyle(bar).position);
  expect(sticky).toBe("static");
});

test.describe("on a touch screen", () => {
  test.use({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  test("text in fields is large enough that iOS does not zoom in", async ({ page }) => {
    for (const view of ["instrument", "chat", "compare"]) {
      await page.goto(`/?view=${view}`);
      await expect(page.getByRole("textbox").first()).toBeVisible();
      const fields = page.locator("input:not([type=range], [type=hidden]), textarea, select");
      const smallest = () =>
        fields.evaluateAll((all) =>
          Math.min(...all.map((field) => Number.parseFloat(getComputedStyle(field).fontSize))),
        );
      // A field that the page is just replacing has no size.
      await expect.poll(smallest).toBeGreaterThanOrEqual(16);
    }
  });
});
