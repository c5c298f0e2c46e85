import { type Download, expect, type Locator, type Page } from "@playwright/test";
import { german } from "../lib/text/de";
import { english } from "../lib/text/en";
import type { Language } from "../lib/text/language";
import type { Words } from "../lib/text/words";

export const WORDS: Record<Language, Words> = { en: english, de: german };

/** Controls that cost the server as much a token as all else: a run lasts long enough to meddle. */
export const SLOW = {
  temperature: 1.5,
  top_k: 0,
  top_p: 0.95,
  min_p: 0.001,
  repetition_penalty: 1.1,
  no_repeat_ngram_size: 8,
};

/** The page as a visitor sees it. */
export class Instrument {
  readonly prompt: Locator;
  readonly run: Locator;
  readonly stop: Locator;
  readonly status: Locator;
  readonly tokens: Locator;
  readonly alert: Locator;

  readonly words: Words;

  constructor(
    readonly page: Page,
    readonly language: Language = "en",
  ) {
    this.words = WORDS[language];
    const { form, status } = this.words;
    const { prompt = "" } = form.settings;
    this.prompt = page.getByRole("textbox", { name: prompt, exact: true });
    this.run = page.getByRole("button", { name: form.run, exact: true });
    this.stop = page.getByRole("button", { name: form.stop, exact: true });
    this.status = page.getByRole("region", { name: status.label });
    this.tokens = page.getByRole("listbox").getByRole("option");
    this.alert = page.getByRole("alert").filter({ has: page.getByRole("button") });
  }

  /** Open the page set up by its address. */
  async open(settings: Record<string, string | number> = {}): Promise<void> {
    const query = new URLSearchParams(
      Object.entries(settings).map(([name, value]) => [name, String(value)]),
    );
    if (this.language !== "en") query.set("lang", this.language);
    await this.page.goto(`/?${query}`);
    const { model = "" } = this.words.form.settings;
    await expect(this.page.getByLabel(model, { exact: true })).toBeEnabled();
    await expect(this.page.locator("#model-help")).toContainText(this.words.status.parameters(""));
  }

  /** Open a recording from the disk. */
  async openRecording(file: string): Promise<void> {
    const { save } = this.words;
    await this.page.getByRole("button", { name: save.open, exact: true }).click();
    const [chooser] = await Promise.all([
      this.page.waitForEvent("filechooser"),
      this.page.getByRole("menuitem", { name: save.openFile }).click(),
    ]);
    await chooser.setFiles(file);
  }

  /** Take the run away by an item of the menu. */
  async save(item: string | RegExp): Promise<Download> {
    await this.page.getByRole("button", { name: this.words.save.open, exact: true }).click();
    const [download] = await Promise.all([
      this.page.waitForEvent("download"),
      this.page.getByRole("menuitem", { name: item }).click(),
    ]);
    await this.page.keyboard.press("Escape");
    return download;
  }

  async finished(): Promise<void> {
    await expect(
      this.status.getByText(this.words.status.phases.done, { exact: true }),
    ).toBeVisible();
  }

  panel(title: string): Locator {
    return this.page.getByRole("region", { name: title, exact: true });
  }

  /** The token that the panels show, as its place in the generated text. */
  async shownStep(): Promise<number> {
    const label = await this.page.getByRole("group", { name: "Which token" }).innerText();
    return Number(/token (\d+)/.exec(label)?.[1] ?? Number.NaN);
  }
}

export const STORY = "Once upon a time, there was a little";
