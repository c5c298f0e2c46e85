import { expect, type Locator, type Page } from "@playwright/test";
import { CHAPTERS } from "../lib/chapters/chapters";
import { expectNoViolations } from "./axe";
import { test } from "./fixtures";
import { Instrument, STORY, WORDS } from "./instrument";

const words = WORDS.en.chapters;
const sheet = (page: Page) => page.locator("[data-chapter-sheet]");
const rings = (page: Page) => page.locator("[data-chapter-ring]");
const solved = (page: Page) => sheet(page).locator("[data-solved=true]");
const button = (page: Page, name: string) => sheet(page).getByRole("button", { name, exact: true });

/** Opens a chapter by its link, on a page whose run is a recording. */
async function openChapter(page: Page, chapter: (typeof CHAPTERS)[number]): Promise<void> {
  await page.goto(`/?chapter=${chapter}`);
  await expect(sheet(page)).toHaveAttribute("data-chapter-sheet", chapter);
  await expect(sheet(page)).toBeFocused();
}

/** Reveals all hints and returns the last one, which is the answer. */
async function answerOf(page: Page): Promise<string> {
  await button(page, words.hint(1, 3)).click();
  await button(page, words.hint(2, 3)).click();
  await button(page, words.answer).click();
  const hints = sheet(page).getByRole("list", { name: words.hints }).getByRole("listitem");
  await expect(hints).toHaveCount(3);
  return hints.nth(2).innerText();
}

const numbersIn = (text: string): string[] => text.match(/\d+(\.\d+)?/g) ?? [];

/** Solves the open chapter with the answer of its last hint. */
const SOLVE: Record<(typeof CHAPTERS)[number], (page: Page) => Promise<void>> = {
  async guess(page) {
    await expect(page.locator("[data-cover]")).toBeVisible();
    const answer = /“(.+)”/.exec(await answerOf(page))?.[1] ?? "";
    await sheet(page).getByRole("textbox", { name: words.guess.own }).fill(answer);
    await button(page, words.check).click();
    await expect(page.locator("[data-cover]")).toHaveCount(0);
  },
  async "look-back"(page) {
    const [layer = "", head = ""] = numbersIn(await answerOf(page));
    await sheet(page).getByLabel(words.lookBack.layer, { exact: true }).selectOption(layer);
    await sheet(page).getByLabel(words.lookBack.head, { exact: true }).selectOption(head);
    await button(page, words.check).click();
  },
  async "build-up"(page) {
    const [layer = ""] = numbersIn(await answerOf(page));
    await sheet(page).getByLabel(words.buildUp.layer, { exact: true }).selectOption(layer);
    await button(page, words.check).click();
  },
  async decide(page) {
    const [step = ""] = numbersIn(await answerOf(page));
    const prompt = await page.locator("[role=listbox] [role=option]:not(.token-shade)").count();
    await page.locator(`[role=listbox] [data-place="${prompt + Number(step)}"]`).click();
    await button(page, words.decide.check).click();
  },
  async draw(page) {
    const [p = ""] = numbersIn(await answerOf(page));
    await sheet(page).getByRole("slider").fill(p);
    await button(page, words.check).click();
  },
  async learn(page) {
    await button(page, words.learnTask.open).click();
    const training = page.getByRole("region", { name: WORDS.en.training.label });
    const answer = await answerOf(page);
    const [step = ""] = numbersIn(answer.replaceAll(",", ""));
    await training.getByRole("slider").focus();
    await page.keyboard.press("Home");
    const place = training.getByText(`step ${Number(step).toLocaleString("en")}`, { exact: true });
    for (let moved = 0; moved < 40 && !(await place.first().isVisible()); moved++) {
      await page.keyboard.press("ArrowRight");
    }
    await button(page, words.learnTask.check).click();
  },
};

/** Checks that each ring is around a visible part, and that the sheet covers none of them. */
async function expectPartsInView(page: Page): Promise<void> {
  await expect(async () => {
    const boxes = await rings(page).evaluateAll((all) =>
      all.map((ring) => ring.getBoundingClientRect().toJSON()),
    );
    const own = await sheet(page).boundingBox();
    if (!own) throw new Error("no sheet");
    expect(boxes.length).toBeGreaterThan(0);
    for (const box of boxes) {
      expect(box.width).toBeGreaterThan(20);
      const isBeside = box.left >= own.x + own.width - 4;
      const isAbove = box.top < own.y - 40;
      expect(isBeside || isAbove).toBe(true);
    }
  }).toPass({ timeout: 10_000 });
}

for (const width of [390, 1280]) {
  test(`all six chapters are solved on the recording, ${width} wide`, async ({ page }) => {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ reducedMotion: "reduce" });
    await openChapter(page, "guess");
    for (const [index, chapter] of CHAPTERS.entries()) {
      await expect(sheet(page)).toHaveAttribute("data-chapter-sheet", chapter);
      await expect(sheet(page)).toContainText(words.chapters[chapter].idea);
      if (chapter !== "learn") await expectPartsInView(page);
      await SOLVE[chapter](page);
      await expect(solved(page)).toBeVisible();
      await expectPartsInView(page);
      // Colours do not depend on the width.
      const themes = width === 1280 ? undefined : { themes: [] };
      await expectNoViolations(page, { opened: "[data-chapter-sheet]", ...themes });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      const last = index === CHAPTERS.length - 1;
      if (last) await expect(sheet(page)).toContainText(words.allSolved);
      await button(page, last ? words.finish : words.next).click();
    }
    await expect(sheet(page)).toHaveCount(0);
    await expect(page).not.toHaveURL(/chapter=/);
  });
}

test("each chapter's link shows the recording, also where the text is out of view", async ({
  page,
}) => {
  for (const [width, height] of [
    [1280, 720],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const chapter of CHAPTERS.filter((each) => each !== "learn")) {
      await openChapter(page, chapter);
      await expect(button(page, words.hint(1, 3))).toBeVisible();
    }
  }
});

test("wrong answers say what was measured and can be tried again", async ({ page }) => {
  await openChapter(page, "look-back");
  const [layer = "", head = ""] = numbersIn(await answerOf(page));
  await sheet(page).getByLabel(words.lookBack.layer, { exact: true }).selectOption("5");
  await sheet(page).getByLabel(words.lookBack.head, { exact: true }).selectOption("1");
  await button(page, words.check).click();
  const answer = sheet(page).locator("[data-solved]");
  await expect(answer).toHaveAttribute("data-solved", "false");
  await expect(answer).toContainText("Layer 5, head 1 gives");
  await sheet(page).getByLabel(words.lookBack.layer, { exact: true }).selectOption(layer);
  await sheet(page).getByLabel(words.lookBack.head, { exact: true }).selectOption(head);
  await button(page, words.check).click();
  await expect(solved(page)).toBeVisible();
});

test("progress is kept, and the button continues at the first unsolved chapter", async ({
  page,
}) => {
  await openChapter(page, "guess");
  await SOLVE.guess(page);
  await expect(solved(page)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(sheet(page)).toHaveCount(0);
  await page.reload();
  const open = page.getByRole("button", { name: WORDS.en.chaptersOffer.open, exact: true });
  await open.click();
  await expect(sheet(page)).toHaveAttribute("data-chapter-sheet", "look-back");
  await expect(page).toHaveURL(/chapter=look-back/);
  await expect(button(page, "1. Guess, solved")).toBeVisible();
  await expect(sheet(page)).toContainText(words.solvedCount(1, 6));
});

test("a chapter can be done by keyboard alone, and Escape does not stop a run", async ({
  page,
}) => {
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 6, min_new_tokens: 6, seed: 4 });
  await site.run.click();
  await site.finished();
  const open = page.getByRole("button", { name: WORDS.en.chaptersOffer.open, exact: true });
  await open.focus();
  await page.keyboard.press("Enter");
  await expect(sheet(page)).toBeFocused();
  const own = sheet(page).getByRole("textbox", { name: words.guess.own });
  for (let tabs = 0; tabs < 12; tabs++) {
    await page.keyboard.press("Tab");
    if (await own.evaluate((element) => element === document.activeElement)) break;
  }
  await expect(own).toBeFocused();
  await page.keyboard.type("girl");
  await page.keyboard.press("Enter");
  await expect(solved(page)).toContainText("girl");
  await page.keyboard.press("Escape");
  await expect(sheet(page)).toHaveCount(0);
  await expect(open).toBeFocused();
});

test("a run that lacks a measurement is repeated with it in one click", async ({ page }) => {
  const site = new Instrument(page);
  const settings = { prompt: STORY, max_new_tokens: 6, min_new_tokens: 6, seed: 4 };
  await site.open({ ...settings, panels: "generated-text", chapter: "build-up" });
  await page.keyboard.press("Escape");
  await site.run.click();
  await site.finished();
  const text = await site.tokens.allInnerTexts();
  await page.getByRole("button", { name: WORDS.en.chaptersOffer.open, exact: true }).click();
  await sheet(page).getByRole("button", { name: /^3\. / }).click();
  await button(page, words.measure).click();
  await SOLVE["build-up"](page);
  await expect(solved(page)).toBeVisible();
  expect(await site.tokens.allInnerTexts()).toEqual(text);
});

test("a first visitor is offered the chapters once", async ({ page }) => {
  await page.setViewportSize({ width: 1600, height: 900 });
  const site = new Instrument(page);
  await site.open({ prompt: STORY });
  await expect(page.getByText(WORDS.en.chaptersOffer.invitation)).toBeVisible();
  await page.getByRole("button", { name: WORDS.en.chaptersOffer.dismiss }).click();
  await page.reload();
  await expect(site.run).toBeVisible();
  await expect(page.getByText(WORDS.en.chaptersOffer.invitation)).toHaveCount(0);
});

test("a chapter continues in another language", async ({ page }) => {
  await openChapter(page, "build-up");
  await page.getByRole("button", { name: "Deutsch" }).click();
  const german = WORDS.de.chapters;
  await expect(sheet(page)).toContainText(german.chapters["build-up"].idea);
  await expect(sheet(page)).toContainText(german.task);
});

test("the page for teachers lists all six", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/chapters");
  await expect(page).toHaveTitle("Six chapters · MAV");
  const entries: Locator = page.getByRole("main").locator("ol > li");
  await expect(entries).toHaveCount(6);
  for (const [place, chapter] of CHAPTERS.entries()) {
    const { title, how, learn } = words.chapters[chapter];
    await expect(entries.nth(place)).toContainText(learn);
    await expect(entries.nth(place)).toContainText(how);
    await expect(
      entries.nth(place).getByRole("link", { name: words.page.open(title) }),
    ).toHaveAttribute("href", `./?chapter=${chapter}`);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await expectNoViolations(page);
  await page.getByRole("button", { name: words.page.copy("Look back") }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toMatch(/\/\?chapter=look-back$/);
  await page.goto(copied);
  await expect(sheet(page)).toHaveAttribute("data-chapter-sheet", "look-back");
});
