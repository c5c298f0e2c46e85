import { expect, test } from "@playwright/test";
import { PANELS } from "../panels/registry";
import { type Instrument, STORY } from "./instrument";

/**
 * Checks a view: all of it, or only the part that a selector finds if the rest was checked before.
 */
type Look = (view: string, opened?: string) => Promise<void>;
type Walk = (site: Instrument, look: Look) => Promise<void>;

const EVERY_PANEL = PANELS.map(({ id }) => id).join(".");
const SHORT = { prompt: STORY, max_new_tokens: 12, min_new_tokens: 12, seed: 4 };

const instrument: Walk = async (site, look) => {
  const { page, words } = site;
  await site.open();
  await look("empty");

  // On a small screen the settings are behind a button.
  const settings = page.getByRole("button", { name: words.runForm.settings, exact: true });
  if (await settings.isVisible()) await settings.click();
  await page.getByText(words.runForm.more).click();
  await page.getByText(words.runForm.measuring, { exact: true }).click();
  await page.getByRole("textbox", { name: "Top-p" }).fill("7");
  await look("settings", "[data-part=settings]");

  await site.open({ ...SHORT, temperature: 0.8, top_p: 0.9 });
  await site.run.click();
  await site.finished();
  await look("run");

  // Not where every panel is open, since axe reads all that is below.
  await page.getByRole("button", { name: words.panelLayout.open, exact: true }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await look("list of panels", "[role=dialog]");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();

  await page.locator("[data-panel-menu]").first().click();
  await expect(page.getByRole("menu")).toBeVisible();
  await look("menu of a panel", "[role=menu]");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu")).toBeHidden();

  await page.getByRole("button", { name: words.header.save.open, exact: true }).click();
  await expect(page.getByRole("menu")).toBeVisible();
  await look("what can be saved", "[role=menu]");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu")).toBeHidden();

  await page.locator("[data-alternative]").first().click();
  await expect(page.getByRole("treeitem")).toHaveCount(2);
  await site.finished();
  await look("branches", "section:has([role=tree]), [data-panel=generated-text]");

  await page.getByRole("button", { name: words.branches.beside }).click();
  await expect(page.getByRole("listbox")).toHaveCount(2);
  await look("two branches side by side");
  await page.goBack();

  await site.prompt.fill("word ".repeat(5000));
  await site.run.click();
  await expect(site.alert).toBeVisible();
  await look("refused");

  await page.keyboard.press("Tab");
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await look("shortcuts", "[role=dialog]");
};

const panels: Walk = async (site, look) => {
  const { page, words } = site;
  await site.open({ ...SHORT, panels: EVERY_PANEL });
  await site.run.click();
  await site.finished();
  await expect(page.locator("[data-panel] .breathing")).toHaveCount(0);
  await look("every panel");

  const lens = words.logitLens.views;
  await page.getByRole("button", { name: lens.time, exact: true }).click();
  await look("the lens over time", "[data-panel=logit-lens]");

  const download = await site.save(new RegExp(`^${words.saveMenu.page} ·`));
  const file = test.info().outputPath("run.html");
  await download.saveAs(file);
  await page.goto(`file://${file}`);
  await site.finished();
  await expect(page.locator("[data-panel] .breathing")).toHaveCount(0);
  await look("a standalone page");
};

const compare: Walk = async (site, look) => {
  const { page, words } = site;
  await site.open({ ...SHORT, view: "compare", "b.temperature": 1.3, panels: EVERY_PANEL });
  await look("a comparison before its start");

  await page.getByRole("button", { name: words.panelLayout.open, exact: true }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await look("list of panels beside a comparison", "[role=dialog]");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();

  await site.run.click();
  const overview = page.getByRole("region", { name: words.compare.overview });
  await expect(overview.getByText(words.compare.done, { exact: true })).toBeVisible();
  await expect(page.locator("main .breathing")).toHaveCount(0);
  await look("a comparison with every panel");
};

const chat: Walk = async (site, look) => {
  const { page, words } = site;
  await site.open({ view: "chat", max_new_tokens: 12 });
  await look("a conversation before its first message");

  await page.getByRole("textbox", { name: words.chat.message, exact: true }).fill("A cat?");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: words.chat.regenerate })).toBeVisible();
  await look("a conversation");

  await page.getByRole("button", { name: words.chat.editMessage }).click();
  await look("a message being edited");
};

/** Ways through the page that together visit every view and check each. */
export const WALKS: Readonly<Record<string, Walk>> = {
  instrument,
  panels,
  compare,
  chat,
};
