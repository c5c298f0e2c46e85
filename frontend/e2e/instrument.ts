import { type Download, expect, type Locator, type Page } from "@playwright/test";
import type { Language } from "../lib/i18n/language";
import { german } from "../words/de";
import { english, type Words } from "../words/en";

export const WORDS: Record<Language, Words> = { en: english, de: german };

/**
 * Sampling controls that double the server's time per token, so that a run lasts long enough to
 * interact with it.
 */
export const SLOW = {
  temperature: 1.5,
  top_k: 0,
  top_p: 0.95,
  min_p: 0.001,
  repetition_penalty: 1.1,
  no_repeat_ngram_size: 8,
};

/** The page object of the instrument. */
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
    const { runForm, settings, status } = this.words;
    const { prompt = "" } = settings.names;
    this.prompt = page.getByRole("textbox", { name: prompt, exact: true });
    this.run = page.getByRole("button", { name: runForm.run, exact: true });
    this.stop = page.getByRole("button", { name: runForm.stop, exact: true });
    this.status = page.getByRole("region", { name: status.label });
    this.tokens = page.getByRole("listbox").getByRole("option");
    this.alert = page.getByRole("alert").filter({ has: page.getByRole("button") });
  }

  /** Opens the page with settings in its address. */
  async open(settings: Record<string, string | number> = {}): Promise<void> {
    const query = new URLSearchParams(
      Object.entries(settings).map(([name, value]) => [name, String(value)]),
    );
    if (this.language !== "en") query.set("lang", this.language);
    await this.page.goto(`/?${query}`);
    const { model = "" } = this.words.settings.names;
    await expect(this.page.getByLabel(model, { exact: true })).toBeEnabled();
    await expect(this.page.locator("#model-help")).toContainText(this.words.status.parameters(""));
  }

  /** Opens a recording from a file. */
  async openRecording(file: string): Promise<void> {
    const { header, saveMenu } = this.words;
    await this.page.getByRole("button", { name: header.save.open, exact: true }).click();
    const [chooser] = await Promise.all([
      this.page.waitForEvent("filechooser"),
      this.page.getByRole("menuitem", { name: saveMenu.openFile }).click(),
    ]);
    await chooser.setFiles(file);
  }

  /** Saves the run with an item of the Save menu. */
  async save(item: string | RegExp): Promise<Download> {
    await this.page.getByRole("button", { name: this.words.header.save.open, exact: true }).click();
    const [download] = await Promise.all([
      this.page.waitForEvent("download"),
      this.page.getByRole("menuitem", { name: item }).click(),
    ]);
    await this.page.keyboard.press("Escape");
    return download;
  }

  async finished(timeout?: number): Promise<void> {
    await expect(this.status.getByText(this.words.status.phases.done, { exact: true })).toBeVisible(
      timeout === undefined ? {} : { timeout },
    );
  }

  panel(title: string): Locator {
    return this.page.getByRole("region", { name: title, exact: true });
  }

  /** Shows the newest token: a finished run rests on the one of which the model was least certain. */
  async showNewest(): Promise<void> {
    await this.page.locator("main").focus();
    await this.page.keyboard.press("l");
  }

  /** Shows the token `count` tokens before the last one, by keyboard. */
  async showTokenBefore(count: number): Promise<void> {
    await this.tokens.last().focus();
    for (let moved = 0; moved < count; moved++) await this.page.keyboard.press("ArrowLeft");
    // A panel that is out of view follows only when the shown token stops changing, and a click
    // would scroll it into view with the rows of the token before.
    const predictions = this.panel("Top predictions");
    if (await predictions.isVisible()) await predictions.scrollIntoViewIfNeeded();
    // Panels follow when the keys have been handled. While tokens change quickly the rows of the
    // predictions are a picture, and then catch up.
    await this.idle();
    await expect(this.page.locator("[data-panel=top-predictions] canvas")).toHaveCount(0);
  }

  /** Waits until the page has nothing to compute or to draw. */
  async idle(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await this.page.evaluate(
        () =>
          new Promise<void>((done) =>
            requestAnimationFrame(() => requestIdleCallback(() => done())),
          ),
      );
    }
  }

  /** The button that continues with the likeliest other candidate of the shown token. */
  get forkButton(): Locator {
    return this.panel("Top predictions")
      .getByRole("button", { name: /^Continue with/ })
      .first();
  }

  /** Returns the index of the token that the panels show. */
  async shownStep(): Promise<number> {
    const label = await this.page.getByRole("group", { name: "Which token" }).innerText();
    return Number(/token (\d+)/.exec(label)?.[1] ?? Number.NaN);
  }
}

/** For a test to which no other panel matters: the page measures and draws the panels that are open. */
export const TEXT_ONLY = { panels: "generated-text" };
/** The same, with the panel in which a run is forked. */
export const TEXT_AND_PREDICTIONS = { panels: "generated-text.top-predictions" };

export const STORY = "Once upon a time, there was a little";
