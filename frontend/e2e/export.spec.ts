import { readFileSync } from "node:fs";
import { type Download, expect, type Page } from "@playwright/test";
import { PANELS } from "../panels/registry";
import { test } from "./fixtures";
import { Instrument, STORY, TEXT_AND_PREDICTIONS, TEXT_ONLY } from "./instrument";

const RECORDINGS = "../tests/recordings";
const WHOLE = `${RECORDINGS}/mav-tiny.jsonl`;

interface Wire {
  readonly type: string;
  readonly top: readonly { id: number; text: string; logit: number; prob: number }[];
}

const eventsOf = (text: string): Wire[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

const contentOf = async (download: Download) => readFileSync(await download.path());

async function takeFrom(page: Page, panel: string, item: string): Promise<Download> {
  const region = new Instrument(page).panel(panel);
  await region.locator("[data-panel-menu]").click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: item }).click(),
  ]);
  return download;
}

/** Returns the text with single, usual spaces. */
const plain = (text: string) => text.replaceAll(/\s+/g, " ").trim();

/** Returns the texts of all panels, without what needs a server. */
async function panelsOf(page: Page): Promise<string[]> {
  await page.addStyleTag({ content: "[data-alternatives] { display: none !important }" });
  await expect(page.locator("[data-panel=stack] [data-panel-body] svg").first()).toBeVisible();
  const bodies = page.locator("[data-panel]:not([data-panel=stack]) [data-panel-body]");
  // The code of panels is loaded when they are first shown.
  await expect
    .poll(() =>
      bodies.evaluateAll((all) => all.filter((body) => !(body as HTMLElement).innerText).length),
    )
    .toBe(0);
  // How many columns the stack has depends on its width, which is another one without the form.
  return bodies.evaluateAll((all) => all.map((body) => (body as HTMLElement).innerText));
}

/** Waits until two pages show the same; panels that are out of view follow the others. */
async function expectSamePanels(page: Page, other: Page): Promise<void> {
  await expect(async () => expect(await panelsOf(other)).toEqual(await panelsOf(page))).toPass();
}

test("a saved run opened again shows the same page, without a server", async ({
  page,
  context,
}) => {
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 12, temperature: 0.9, seed: 11 });
  await site.run.click();
  await site.finished();
  const download = await site.save(/^Recording/);
  expect(download.suggestedFilename()).toMatch(/^mav-tiny-\w+\.jsonl$/);
  const saved = (await contentOf(download)).toString();
  expect(eventsOf(saved).map(({ type }) => type)).toEqual([
    "start",
    ...eventsOf(saved)
      .map(({ type }) => type)
      .filter((type) => type === "queued"),
    "prompt",
    ...Array.from({ length: 12 }, () => "token"),
    "done",
  ]);

  const other = await context.newPage();
  const again = new Instrument(other);
  await again.open();
  // Opening the menu has loaded the code that opens and saves recordings.
  await other.getByRole("button", { name: "Save", exact: true }).click();
  await expect(other.getByRole("menu")).toBeVisible();
  await other.keyboard.press("Escape");
  await context.setOffline(true);
  await again.openRecording(await download.path());
  await again.finished();
  await expectSamePanels(page, other);
  await expect(again.status).toContainText("Recording");
  expect((await contentOf(await again.save(/^Recording/))).toString()).toBe(saved);
  await context.setOffline(false);
});

test("a recording can be dropped anywhere on the page", async ({ page }) => {
  const site = new Instrument(page);
  await site.open(TEXT_ONLY);
  const transfer = await page.evaluateHandle(
    (content) => {
      const data = new DataTransfer();
      data.items.add(new File([content], "dropped.jsonl"));
      return data;
    },
    readFileSync(WHOLE, "utf8"),
  );
  await page.dispatchEvent("main", "dragover", { dataTransfer: transfer });
  await expect(page.getByText("Drop the recording to open it")).toBeVisible();
  await page.dispatchEvent("main", "drop", { dataTransfer: transfer });
  await site.finished();
  await expect(site.status).toContainText("dropped.jsonl");
  await expect(page.getByText("Drop the recording to open it")).toBeHidden();
});

test("a damaged recording reports what is wrong and where, and shows what is complete", async ({
  page,
}) => {
  const site = new Instrument(page);
  await site.open(TEXT_ONLY);
  await site.openRecording(WHOLE);
  await site.finished();
  const cases: { file: string; line: number | null; field: string | null; events: number }[] =
    JSON.parse(readFileSync(`${RECORDINGS}/broken/expected.json`, "utf8"));
  for (const { file, line, field, events } of cases) {
    await site.openRecording(`${RECORDINGS}/broken/${file}`);
    const tokens = page.locator("[role=option][data-place]");
    if (events > 0) {
      await expect(site.alert).toContainText(new RegExp(`ine ${line}\\b`));
      await expect(tokens).toHaveCount(10 + events - 2);
    } else {
      await expect(site.alert).toContainText(/recording/);
      await expect(tokens).not.toHaveCount(0);
    }
    if (field?.includes("distribution")) await expect(site.alert).toContainText(field);
  }
  await site.openRecording(WHOLE);
  await site.finished();
  await expect(site.alert).toBeHidden();
});

test("an incomplete recording can be continued", async ({ page }) => {
  const site = new Instrument(page);
  await site.open(TEXT_ONLY);
  await site.openRecording(`${RECORDINGS}/broken/stops-halfway.jsonl`);
  await expect(site.alert).toContainText("incomplete");
  const begun = await page.getByRole("listbox").evaluate((list) => list.textContent);
  await site.alert.getByRole("button", { name: "Continue" }).click();
  await site.finished();
  const whole = await page.getByRole("listbox").evaluate((list) => list.textContent);
  expect(whole?.startsWith(begun ?? "-")).toBe(true);
  expect(whole?.length).toBeGreaterThan(begun?.length ?? 0);
});

test("the standalone page opens from a file without a network", async ({ page, browser }) => {
  const site = new Instrument(page);
  await site.open({ prompt: "A </script><b>bold</b> <!-- fox", max_new_tokens: 9, seed: 4 });
  await site.run.click();
  await site.finished();
  const saved = await contentOf(await site.save(/^Recording/));
  const download = await site.save(/^Standalone page ·/);
  expect(download.suggestedFilename()).toMatch(/\.html$/);
  const file = test.info().outputPath("run.html");
  await download.saveAs(file);

  const context = await browser.newContext({ offline: true, colorScheme: "light" });
  const alone = await context.newPage();
  const requests: string[] = [];
  const broken: string[] = [];
  alone.on("request", (request) => requests.push(request.url()));
  alone.on("pageerror", (error) => broken.push(error.message));
  await alone.goto(`file://${file}`);
  const replay = new Instrument(alone);
  await replay.finished();
  await expectSamePanels(page, alone);
  await replay.tokens.last().focus();
  await alone.keyboard.press("ArrowLeft");
  await alone.keyboard.press("ArrowLeft");
  await expect(replay.tokens.nth(-3)).toHaveAttribute("aria-selected", "true");
  expect(await panelsOf(alone)).not.toEqual(await panelsOf(page));
  const paper = () =>
    alone.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await paper();
  await alone.getByRole("button", { name: "Dark" }).click();
  expect(await paper()).not.toBe(light);
  expect(await contentOf(await replay.save(/^Recording/))).toEqual(saved);
  expect(requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
  expect(broken).toEqual([]);
  await context.close();
});

for (const theme of ["light", "dark"] as const) {
  test(`pictures of panels have text, fonts and captions (${theme})`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme });
    const site = new Instrument(page);
    await site.open({ panels: "generated-text.top-predictions.attention-entropy" });
    await site.openRecording(WHOLE);
    await site.finished();
    for (const title of ["Generated text", "Top predictions", "Attention entropy"]) {
      const svg = (
        await contentOf(await takeFrom(page, title, "Picture on white, SVG"))
      ).toString();
      const found = await page.evaluate((content) => {
        const picture = new DOMParser().parseFromString(content, "image/svg+xml");
        const texts = [...picture.querySelectorAll("text")].map((text) => text.textContent);
        return {
          broken: picture.querySelector("parsererror") !== null,
          title: picture.querySelector("title")?.textContent,
          fonts: picture.querySelector("style")?.textContent?.match(/data:font\/woff2/g)?.length,
          ground: picture.querySelector(":root > rect")?.getAttribute("fill"),
          width: Number(picture.documentElement.getAttribute("width")),
          height: Number(picture.documentElement.getAttribute("height")),
          text: texts.join(""),
        };
      }, svg);
      expect(found).toMatchObject({ broken: false, title, ground: "#ffffff" });
      expect(found.fonts).toBeGreaterThan(0);
      expect(found.text).toContain("mav-tiny");
      expect(found.text).toContain("seed 7");
      // Without the embedded fonts, whose data may contain any letters.
      expect(svg.replaceAll(/base64,[^")]*/g, "")).not.toMatch(/okl|color-mix|var\(/);
      const png = await contentOf(await takeFrom(page, title, "Picture on white, PNG"));
      expect(png.subarray(1, 4).toString()).toBe("PNG");
      expect(png.readUInt32BE(16)).toBe(Math.round(found.width * 3));
      expect(Math.abs(png.readUInt32BE(20) - found.height * 3)).toBeLessThanOrEqual(3);
    }
    const shown = await page.evaluate(() => document.documentElement.dataset.theme ?? "system");
    expect(shown).toBe("system");
  });
}

test("pictures have no controls, but what is chosen with them", async ({ page }) => {
  const site = new Instrument(page);
  const panels = PANELS.map(({ id }) => id).join(".");
  await site.open({ prompt: STORY, max_new_tokens: 6, min_new_tokens: 6, panels });
  await site.run.click();
  await site.finished();
  for (const { id, title } of PANELS) {
    const body = site.panel(title).locator("[data-panel-body]");
    await body.scrollIntoViewIfNeeded();
    await expect(body.locator(".breathing")).toHaveCount(0);
    const controls = await body.evaluate((it) => {
      const shown = "button, select, [role=group]:has(> button)";
      const boxes = [...it.querySelectorAll(shown)].map((each) => {
        const { width, height } = each.getBoundingClientRect();
        return { width, height };
      });
      const text = (each: Element) => each.textContent?.trim() ?? "";
      const selects = [...it.querySelectorAll("select")].filter(
        (each) => !each.closest("[data-export=skip]"),
      );
      const hints = [...it.querySelectorAll("span[data-export=skip], p[data-export=skip]")];
      return {
        boxes: boxes.filter(({ width, height }) => width > 20 && height > 12),
        chosen: [
          ...selects.map((each) => each.selectedOptions[0]?.textContent ?? ""),
          ...[...it.querySelectorAll("button[aria-pressed=true]")].map(text),
        ],
        left: [
          ...[...it.querySelectorAll("button[aria-pressed=false]")].map(text),
          ...hints.map(text),
        ],
      };
    });
    const svg = (await contentOf(await takeFrom(page, title, "Picture on white, SVG"))).toString();
    const drawn = await page.evaluate((content) => {
      const picture = new DOMParser().parseFromString(content, "image/svg+xml");
      // In the order of the page; a text is broken into words where they are far apart.
      const texts = [...picture.querySelectorAll("text")].map((text) => text.textContent ?? "");
      const rects = [...picture.querySelectorAll("rect")].map((rect) => ({
        width: Number(rect.getAttribute("width")),
        height: Number(rect.getAttribute("height")),
      }));
      return { text: texts.join(" "), rects };
    }, svg);
    drawn.text = plain(drawn.text);
    for (const box of controls.boxes) {
      const same = drawn.rects.filter(
        ({ width, height }) =>
          Math.abs(width - box.width) < 0.6 && Math.abs(height - box.height) < 0.6,
      );
      expect(same, `${id}: the box of a control`).toEqual([]);
    }
    for (const text of controls.chosen) expect(drawn.text, id).toContain(plain(text));
    for (const text of controls.left) expect(drawn.text, id).not.toContain(plain(text));
  }
});

test("exported numbers of a panel are those of the events", async ({ page }) => {
  const site = new Instrument(page);
  await site.open(TEXT_AND_PREDICTIONS);
  await site.openRecording(WHOLE);
  await site.finished();
  await site.showNewest();
  const tokens = eventsOf(readFileSync(WHOLE, "utf8")).filter(({ type }) => type === "token");
  const csv = await contentOf(
    await takeFrom(page, "Top predictions", "Numbers of this token, CSV"),
  );
  const [head, ...rows] = csv.toString().trim().split("\r\n");
  const columns = (head ?? "").split(",");
  const last = tokens.at(-1)?.top ?? [];
  expect(rows).toHaveLength(last.length);
  rows.forEach((row, i) => {
    for (const value of [last[i]?.id, last[i]?.logit, last[i]?.prob]) {
      expect(row).toContain(String(value));
    }
  });
  const all = await contentOf(
    await takeFrom(page, "Top predictions", "Numbers of all tokens, CSV"),
  );
  const lines = all.toString().trim().split("\r\n");
  expect(lines[0]).toBe(["token", ...columns].join(","));
  expect(lines).toHaveLength(1 + tokens.reduce((sum, { top }) => sum + top.length, 0));
  const json = await contentOf(
    await takeFrom(page, "Top predictions", "Numbers with settings, JSON"),
  );
  expect(JSON.parse(json.toString())).toMatchObject({
    panel: "top-predictions",
    model: "mav-tiny",
    settings: { seed: 7 },
    token: { index: 11 },
    columns,
  });
});
