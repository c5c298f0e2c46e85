import { readFileSync } from "node:fs";
import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, STORY, TEXT_ONLY } from "./instrument";

/**
 * What visitors come for, and how many clicks and keys it takes them. Text that is typed into a
 * field does not count.
 */

/** Counts clicks, and keys outside of text fields, from now on. */
async function counted(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const counts = { acts: 0 };
    Object.assign(window, { counts });
    const typed = (target: EventTarget | null) =>
      target instanceof HTMLElement && target.matches("textarea, input:not([type=range])");
    addEventListener("click", ({ isTrusted, detail }) => isTrusted && detail > 0 && counts.acts++, {
      capture: true,
    });
    addEventListener(
      "keydown",
      ({ key, target }) => {
        if (!["Control", "Shift"].includes(key) && !(typed(target) && key !== "Enter"))
          counts.acts++;
      },
      { capture: true },
    );
  });
  return () => page.evaluate(() => (window as unknown as { counts: { acts: number } }).counts.acts);
}

const RUN = { prompt: STORY, max_new_tokens: 24, min_new_tokens: 24, seed: 3 };

async function ran(page: Page, settings: Record<string, string | number> = {}) {
  const site = new Instrument(page);
  await site.open({ ...RUN, ...settings });
  await site.run.click();
  await site.finished();
  return site;
}

test("find a head that looks at the previous token: 1 click in the atlas", async ({ page }) => {
  const site = await ran(page, { panels: "generated-text.stack.head-atlas" });
  const count = await counted(page);
  await page
    .getByRole("group", { name: "Heads with a badge" })
    .getByRole("button", { name: /^previous token/ })
    .click();
  expect(await count()).toBe(1);
  await expect(
    site
      .panel("Head atlas")
      .getByText(/^prev \d+\.\d/)
      .first(),
  ).toBeVisible();
});

test("find the least sure token and take another word: 2 clicks", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, ...RUN });
  const count = await counted(page);
  await site.run.click();
  await site.finished();
  const text = site.panel("Generated text");
  await expect(text.getByText(/^It hesitates:/)).toBeVisible();
  const before = await page.getByRole("listbox").innerText();
  await text
    .getByRole("button", { name: /^Continue with/ })
    .first()
    .click();
  await expect(page.getByRole("tree")).toBeVisible();
  expect(await count()).toBeLessThanOrEqual(2);
  await expect(page.getByRole("listbox")).not.toHaveText(before);
});

test("greedy against temperature 1.2: 4 clicks", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, ...RUN, max_new_tokens: 8, min_new_tokens: 8 });
  const count = await counted(page);
  await page.getByRole("link", { name: "Compare" }).click();
  const way = page.getByRole("listitem").filter({ hasText: "Two settings" });
  await way.getByRole("button", { name: "Choose" }).click();
  const temperature = page.getByRole("textbox", { name: "Temperature" });
  await temperature.click();
  await temperature.fill("1.2");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByText("Compared", { exact: true })).toBeVisible();
  expect(await count()).toBeLessThanOrEqual(4);
});

test("chat two turns and open the reply: 4 acts", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, max_new_tokens: 8, min_new_tokens: 8 });
  const count = await counted(page);
  await page.getByRole("link", { name: "Chat" }).click();
  const message = page.getByRole("textbox", { name: "Message", exact: true });
  const turns = page
    .getByRole("list", { name: "Messages of the conversation" })
    .locator(":scope > li");
  for (const [text, replies] of [
    ["Tell me of a cat.", 2],
    ["And then?", 4],
  ] as const) {
    await message.fill(text);
    await message.press("Enter");
    await expect(turns).toHaveCount(replies);
    await expect(page.getByRole("button", { name: "Regenerate" })).toBeVisible();
  }
  await turns.last().getByRole("button", { name: "Open in the instrument" }).click();
  await expect(page.getByRole("listbox")).toContainText("And then?");
  expect(await count()).toBeLessThanOrEqual(4);
});

test("export a figure: 2 clicks", async ({ page }) => {
  const site = await ran(page, { panels: "generated-text.stack" });
  const count = await counted(page);
  const stack = site.panel("The stack");
  await stack.getByRole("button", { name: /^Menu of/ }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: /SVG/ }).click(),
  ]);
  expect(readFileSync(await download.path(), "utf8")).toContain("<svg");
  expect(await count()).toBe(2);
});

test("share with somebody who has no server: 2 clicks", async ({ page, browser }) => {
  const site = await ran(page, TEXT_ONLY);
  const text = await page.getByRole("listbox").innerText();
  const count = await counted(page);
  await page.getByRole("button", { name: site.words.header.save.open, exact: true }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: new RegExp(`^${site.words.saveMenu.page} ·`) }).click(),
  ]);
  expect(await count()).toBe(2);
  const offline = await browser.newContext({ offline: true });
  const other = await offline.newPage();
  const file = test.info().outputPath("run.html");
  await download.saveAs(file);
  await other.goto(`file://${file}`);
  await expect(other.getByRole("listbox")).toHaveText(text, { useInnerText: true });
  await offline.close();
});

test("see what top-p cuts, live: one drag", async ({ page }) => {
  const site = await ran(page, { panels: "generated-text.what-if", temperature: 0.8 });
  const panel = site.panel("What if");
  const slider = panel.getByRole("slider", { name: "Top-p" });
  const count = await counted(page);
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  await slider.fill("0.5");
  await expect(panel.getByText("cut by Top-p").first()).toBeAttached();
  expect(await count()).toBe(0);
  expect(requests.filter((url) => url.includes("/api/run"))).toEqual([]);
});

test("on a phone: a run, and a swipe over its tokens", async ({ browser }) => {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    storageState: { cookies: [], origins: [] },
  });
  const page = await context.newPage();
  const site = new Instrument(page);
  await site.open(RUN);
  const count = await counted(page);
  await site.run.tap();
  await site.finished();
  const shown = await site.shownStep();
  const picture = site.panel("The stack").getByRole("group", { name: /layers at the prediction/ });
  await picture.scrollIntoViewIfNeeded();
  const box = await picture.boundingBox();
  if (!box) throw new Error("no picture");
  const touch = await context.newCDPSession(page);
  const y = box.y + box.height / 2;
  const at = (x: number) => ({ touchPoints: [{ x, y }] });
  await touch.send("Input.dispatchTouchEvent", { type: "touchStart", ...at(140) });
  for (const x of [180, 220, 260]) {
    await touch.send("Input.dispatchTouchEvent", { type: "touchMove", ...at(x) });
  }
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await expect.poll(() => site.shownStep()).toBe(shown - 1);
  expect(await count()).toBeLessThanOrEqual(1);
  await context.close();
});

test("by keyboard alone: run, walk to a token, open a part of the picture", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...RUN, panels: "generated-text.stack" });
  await site.prompt.focus();
  const count = await counted(page);
  await page.keyboard.press("Control+Enter");
  await site.finished();
  await expect(page.getByRole("listbox")).toBeFocused();
  const before = await site.shownStep();
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => site.shownStep()).not.toBe(before);
  await page.keyboard.press("Tab");
  expect(await count()).toBeLessThanOrEqual(3);
  const picture = site.panel("The stack").getByRole("group", { name: /layers at the prediction/ });
  await picture.focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(
    site.panel("The stack").getByRole("navigation", { name: "Parts of the model" }),
  ).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(picture).toBeVisible();
});

test("in Present mode: 1 key, and a run", async ({ page }) => {
  const site = new Instrument(page);
  await site.open(RUN);
  await page.locator("main").focus();
  const count = await counted(page);
  await page.keyboard.press("f");
  await expect(page.locator("html")).toHaveAttribute("data-present");
  await site.run.click();
  await expect(page.getByText(/^token \d+ of 0–23$/)).toBeVisible();
  expect(await count()).toBe(2);
});
