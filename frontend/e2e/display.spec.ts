import { readFileSync, writeFileSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import { Instrument, STORY } from "./instrument";

/** A recorded run whose tokens are these. */
function recordingOf(texts: readonly string[], file: string): string {
  const lines = readFileSync("../tests/recordings/mav-tiny.jsonl", "utf8").trim().split("\n");
  const told = lines.map((line) => JSON.parse(line));
  for (const event of told) {
    const text = event.type === "token" ? texts[event.index] : undefined;
    if (text === undefined) continue;
    event.text = event.token.text = text;
    event.top[0].text = text;
  }
  writeFileSync(file, `${told.map((event) => JSON.stringify(event)).join("\n")}\n`);
  return file;
}

test("text that is written from right to left is laid out so, without moving its neighbours", async ({
  page,
}, info) => {
  const site = new Instrument(page);
  await site.open();
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

test("a run that reached its limit goes on, and a prompt that does not fit is to be shortened", async ({
  page,
}) => {
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 6, min_new_tokens: 6 });
  await site.run.click();
  await site.finished();
  await site.status.getByRole("button", { name: "Continue", exact: true }).click();
  await expect(site.status).toContainText("12/12");
  await site.finished();
  await site.prompt.fill("word ".repeat(1200));
  await site.run.click();
  await expect(site.alert).toContainText(/Shorten it by at least \d+ tokens/);
  await expect(site.alert.getByRole("button", { name: "Try again" })).toHaveCount(0);
  await site.alert.getByRole("button", { name: "Shorten the prompt" }).click();
  await expect(site.prompt).toBeFocused();
});

/** Of the elements that the tab key reaches, those that something else covers wholly. */
async function coveredStops(page: Page): Promise<string[]> {
  const covered = new Set<string>();
  for (let stop = 0; stop < 60; stop++) {
    await page.keyboard.press("Tab");
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
  test(`at ${width} by ${height} nothing covers what has the focus, and lines wrap`, async ({
    page,
  }) => {
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
