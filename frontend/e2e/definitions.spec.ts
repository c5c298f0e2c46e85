import { readFileSync } from "node:fs";
import { expect, type Page } from "@playwright/test";
import { termFinder } from "../lib/glossary/find-terms";
import type { Term } from "../lib/glossary/terms";
import { LANGUAGES, type Language } from "../lib/i18n/language";
import { PANELS } from "../panels/registry";
import { expectNoViolations } from "./axe";
import { test } from "./fixtures";
import { Instrument, STORY } from "./instrument";

const TERMS = Object.fromEntries(
  LANGUAGES.map((language) => [
    language,
    JSON.parse(readFileSync(`lib/glossary/terms.${language}.json`, "utf8")),
  ]),
) as Record<Language, readonly Term[]>;
const EVERY_PANEL = PANELS.map(({ id }) => id).join(".");
const SHORT = { prompt: STORY, max_new_tokens: 6, min_new_tokens: 6, seed: 4 };

interface Region {
  readonly name: string;
  /** The text that is shown, without that of the model. */
  readonly texts: readonly string[];
  /** The words that are underlined. */
  readonly marked: readonly string[];
}

/** Returns what each part of the page shows, and the words in it that are marked as explained. */
const regionsOf = (page: Page): Promise<Region[]> =>
  page.evaluate(() => {
    const marks = [...(CSS.highlights.get("term") ?? [])];
    const textOf = ({ startContainer, startOffset, endOffset }: AbstractRange) =>
      (startContainer as Text).data.slice(startOffset, endOffset);
    return [...document.querySelectorAll("[data-panel], [data-terms]")].map((region) => {
      const texts: string[] = [];
      const walker = document.createTreeWalker(region, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const node = walker.currentNode as Text;
        const parent = node.parentElement;
        const isModels = parent?.closest(
          "bdi, textarea, select, svg, code, [role=listbox], [role=tree], .sr-only, button[type=submit]",
        );
        if (!isModels && parent?.checkVisibility()) texts.push(node.data);
      }
      const inRegion = marks.filter((range) => region.contains(range.startContainer));
      const name = region.getAttribute("data-panel") ?? region.getAttribute("aria-label") ?? "form";
      return { name, texts, marked: inRegion.map(textOf) };
    });
  });

/** Returns the middle of the first mark of a word in a region, once it is marked. */
async function middleOf(page: Page, region: string, word: string) {
  let middle = { x: 0, y: 0 };
  await expect(async () => {
    middle = await markedAt(page, region, word);
  }).toPass({ timeout: 20_000 });
  return middle;
}

const markedAt = (page: Page, region: string, word: string) =>
  page.evaluate(
    ([selector, text]) => {
      const found = [...(CSS.highlights.get("term") ?? [])]
        .map((mark) => {
          const range = document.createRange();
          range.setStart(mark.startContainer, mark.startOffset);
          range.setEnd(mark.endContainer, mark.endOffset);
          return range;
        })
        .find(
          (range) =>
            String(range).toLowerCase() === text &&
            range.startContainer.parentElement?.closest(selector),
        );
      if (!found) throw new Error(`${text} is not marked in ${selector}`);
      found.startContainer.parentElement?.scrollIntoView({ block: "center" });
      const { left, top, width, height } = found.getBoundingClientRect();
      return { x: left + width / 2, y: top + height / 2 };
    },
    [region, word] as const,
  );

const card = (page: Page, term: string) => page.getByRole("dialog", { name: term, exact: true });

async function openRun(site: Instrument, panels = EVERY_PANEL): Promise<void> {
  await site.open({ ...SHORT, panels, depth: "explain" });
  await site.run.click();
  await site.finished();
  await expect(site.page.locator("[data-panel] .breathing")).toHaveCount(0);
  await expect(site.page.locator("[data-term-stop]").first()).toBeAttached();
}

for (const language of LANGUAGES) {
  test(`every term on the page has a definition in its region, ${language}`, async ({ page }) => {
    const site = new Instrument(page, language);
    await openRun(site);
    await page.getByText(site.words.runForm.more).click();
    await page.getByText(site.words.runForm.measuring, { exact: true }).click();
    const find = termFinder(TERMS[language]);
    const idsIn = (texts: readonly string[]) =>
      [...new Set(texts.flatMap((text) => find(text).map(({ id }) => id)))].sort();
    await expect(async () => {
      const regions = await regionsOf(page);
      expect(regions.length).toBeGreaterThan(PANELS.length);
      for (const { name, texts, marked } of regions) {
        expect(idsIn(marked), name).toEqual(idsIn(texts));
      }
      const all = regions.flatMap(({ marked }) => idsIn(marked));
      expect(new Set(all).size).toBeGreaterThan(25);
    }).toPass({ timeout: 30_000 });
    expect(await page.locator("[data-panel]:not(:has([data-term-stop]))").count()).toBe(0);
  });
}

for (const view of ["chat", "compare"]) {
  test(`settings and the empty page of ${view} have definitions`, async ({ page }) => {
    await page.goto(`/?view=${view}`);
    await expect(page.locator("#model-help")).toContainText("parameters");
    const find = termFinder(TERMS.en);
    const idsIn = (texts: readonly string[]) =>
      [...new Set(texts.flatMap((text) => find(text).map(({ id }) => id)))].sort();
    await expect(async () => {
      const regions = await regionsOf(page);
      for (const { name, texts, marked } of regions) {
        expect(idsIn(marked), name).toEqual(idsIn(texts));
      }
      const of = (selector: string) => page.locator(`${selector} [data-term-stop]`);
      expect(await of("aside").count()).toBeGreaterThan(0);
      expect(await of("main").count()).toBeGreaterThan(0);
    }).toPass({ timeout: 30_000 });
  });
}

test("a definition opens on hover, stays while the pointer is on it, and Escape closes it", async ({
  page,
}) => {
  const site = new Instrument(page);
  await openRun(site, "generated-text.attention-entropy");
  for (const [region, word, term] of [
    ["[data-panel=attention-entropy]", "head", "head"],
    ["[data-panel=attention-entropy]", "tokens", "token"],
    ["form", "temperature", "temperature"],
  ] as const) {
    const { x, y } = await middleOf(page, region, word);
    await page.mouse.move(x, y);
    await expect(card(page, term)).toBeVisible();
    await expect(card(page, term).getByRole("link", { name: /Glossary/ })).toHaveAttribute(
      "href",
      `./glossary#${term}`,
    );
    await card(page, term).hover();
    await expect(card(page, term)).toBeVisible();
    await page.mouse.move(0, 0);
    await expect(page.getByRole("dialog")).toHaveCount(0);
  }
  const { x, y } = await middleOf(page, "[data-panel=attention-entropy]", "head");
  await page.mouse.move(x, y);
  await expect(card(page, "head")).toContainText("One of several attention computations");
  await expectNoViolations(page, { opened: "[role=dialog]" });
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("the keyboard has one stop in a panel, and arrow keys go through its terms", async ({
  page,
}) => {
  const site = new Instrument(page);
  await openRun(site, "generated-text.attention-entropy");
  const panel = site.panel("Attention entropy");
  const stop = panel.locator("[data-term-stop]");
  await expect(stop).toHaveCount(1);
  await panel.getByRole("group").focus();
  await page.keyboard.press("Tab");
  await expect(stop).toBeFocused();
  await expect(stop).toBeVisible();
  const [first = "", second = ""] = ((await stop.getAttribute("data-term-stop")) ?? "").split(" ");
  const nameOf = (id: string) => TERMS.en.find((each) => each.id === id)?.term ?? "";
  await expect(card(page, nameOf(first))).toBeVisible();
  await expect(stop).toHaveAccessibleDescription(new RegExp(`^${nameOf(first)}: `));
  await page.keyboard.press("ArrowRight");
  await expect(card(page, nameOf(second))).toBeVisible();
  // Its colours are those of the one that opens on hover.
  await expectNoViolations(page, { themes: [] });
  const [glossary] = await Promise.all([page.waitForEvent("popup"), page.keyboard.press("Enter")]);
  await expect(glossary.locator(`#${second}`)).toBeInViewport();
  await glossary.close();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(stop).toBeFocused();
});

test.describe("on a phone", () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });

  test("a definition opens by a tap and closes by a tap elsewhere", async ({ page }) => {
    const site = new Instrument(page);
    await openRun(site, "generated-text.attention-entropy");
    const { x, y } = await middleOf(page, "[data-panel=attention-entropy]", "head");
    await page.touchscreen.tap(x, y);
    await expect(card(page, "head")).toBeInViewport();
    const box = await card(page, "head").boundingBox();
    expect(box && box.x >= 0 && box.x + box.width <= 390).toBe(true);
    await page.touchscreen.tap(195, 420);
    await expect(page.getByRole("dialog")).toHaveCount(0);
  });
});
