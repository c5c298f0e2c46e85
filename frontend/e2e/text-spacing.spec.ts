import { expect, type Page } from "@playwright/test";
import { english } from "../words/en";
import { test } from "./fixtures";
import { Instrument, STORY } from "./instrument";

/** The largest text spacing that a page must support (WCAG 1.4.12). */
const SPACING = `
  * {
    line-height: 1.5 !important;
    letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important;
  }
  p { margin-bottom: 2em !important; }
`;

const WIDTHS = [390, 1280];

test.use({ viewport: { width: WIDTHS[0] ?? 390, height: 844 } });

/** Returns texts that are partly cut off, and pairs of texts that overlap. */
function faults(): string[] {
  type Box = { left: number; top: number; right: number; bottom: number };
  const meet = (a: Box, b: Box): Box => ({
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  });
  const width = ({ left, right }: Box) => right - left;
  const height = ({ top, bottom }: Box) => bottom - top;
  const found = new Set<string>();
  const shown: { text: string; box: Box; element: Element; floats: boolean }[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const element = node.parentElement;
    const text = node.textContent?.trim() ?? "";
    if (!element || !text || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest("select, option, script, style, .sr-only")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      // The box of the letters, without the spacing between lines.
      const size = Number.parseFloat(getComputedStyle(element).fontSize);
      const middle = (rect.top + rect.bottom) / 2;
      const whole: Box = {
        left: rect.left,
        right: rect.right,
        top: Math.max(rect.top, middle - size * 0.4),
        bottom: Math.min(rect.bottom, middle + size * 0.4),
      };
      let box = whole;
      let floats = false;
      for (let around: Element | null = element; around; around = around.parentElement) {
        const style = getComputedStyle(around);
        floats ||= style.position === "sticky" || style.position === "fixed";
        if (style.overflowX === "visible" && style.overflowY === "visible") continue;
        const seen = meet(box, around.getBoundingClientRect());
        const scrolls = [style.overflowX, style.overflowY].some((way) => /auto|scroll/.test(way));
        // An ellipsis shows that there is more, which is shown elsewhere.
        const shortened = style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
        const lost = Math.max(width(box) - width(seen), height(box) - height(seen));
        if (!scrolls && !shortened && lost > 2) found.add(`cut: ${text}`);
        box = seen;
      }
      if (width(box) > 1 && height(box) > 1) shown.push({ text, box, element, floats });
    }
  }
  for (const [place, one] of shown.entries()) {
    for (const other of shown.slice(place + 1)) {
      if (one.floats !== other.floats || one.element === other.element) continue;
      const both = meet(one.box, other.box);
      if (width(both) > 2 && height(both) > 2) found.add(`overlap: ${one.text} | ${other.text}`);
    }
  }
  return [...found];
}

/** Checks that the spacing cuts off or covers nothing, at each width. */
async function expectRoomForSpacing(page: Page): Promise<void> {
  for (const width of WIDTHS) {
    await page.evaluate(() => {
      document.adoptedStyleSheets = [];
    });
    await page.setViewportSize({ width, height: 844 });
    // Pictures are drawn again some frames after their boxes have changed size.
    await new Instrument(page).idle();
    const before = await page.evaluate(faults);
    await page.evaluate((rules) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(rules);
      document.adoptedStyleSheets.push(sheet);
    }, SPACING);
    await expect
      .poll(async () => (await page.evaluate(faults)).filter((fault) => !before.includes(fault)), {
        timeout: 10_000,
        message: `${width} pixels wide`,
      })
      .toEqual([]);
    expect(
      await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      ),
    ).toBeLessThanOrEqual(0);
  }
}

test.describe("with text spacing nothing is cut off or covered", () => {
  for (const language of ["en", "de"] as const) {
    test(`instrument, ${language}`, async ({ page }) => {
      const site = new Instrument(page, language);
      await site.open({ prompt: STORY, max_new_tokens: 12, min_new_tokens: 12, seed: 7 });
      await site.run.click();
      await site.finished();
      await expectRoomForSpacing(page);
    });
  }

  test("chat", async ({ page }) => {
    await page.goto("/?view=chat&max_new_tokens=12&min_new_tokens=12");
    await page.getByRole("textbox", { name: "Message", exact: true }).fill("Tell me of a cat.");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("button", { name: english.chat.regenerate })).toBeVisible();
    await expectRoomForSpacing(page);
  });

  test("compare", async ({ page }) => {
    const query = {
      view: "compare",
      prompt: STORY,
      max_new_tokens: "12",
      "b.temperature": "1.3",
    };
    await page.goto(`/?${new URLSearchParams(query)}`);
    await expect(page.locator("#model-help")).toContainText("parameters");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect(page.getByText(english.compare.done, { exact: true })).toBeVisible();
    await expectRoomForSpacing(page);
  });

  test("learn", async ({ page }) => {
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.goto("/?training=example");
    await expect(page.getByRole("listbox", { name: english.training.said })).toBeVisible();
    await expectRoomForSpacing(page);
  });
});
