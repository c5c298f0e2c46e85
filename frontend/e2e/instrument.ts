import { expect, type Locator, type Page } from "@playwright/test";

/** The page as a visitor sees it. */
export class Instrument {
  readonly prompt: Locator;
  readonly run: Locator;
  readonly stop: Locator;
  readonly status: Locator;
  readonly tokens: Locator;
  readonly alert: Locator;

  constructor(readonly page: Page) {
    this.prompt = page.getByRole("textbox", { name: "Prompt", exact: true });
    this.run = page.getByRole("button", { name: "Run", exact: true });
    this.stop = page.getByRole("button", { name: "Stop", exact: true });
    this.status = page.getByRole("region", { name: "Status of the run" });
    this.tokens = page.getByRole("listbox").getByRole("option");
    this.alert = page.getByRole("alert").filter({ has: page.getByRole("button") });
  }

  /** Open the page set up by its address. */
  async open(settings: Record<string, string | number> = {}): Promise<void> {
    const query = new URLSearchParams(
      Object.entries(settings).map(([name, value]) => [name, String(value)]),
    );
    await this.page.goto(`/?${query}`);
    await expect(this.page.getByLabel("Model", { exact: true })).toBeEnabled();
    await expect(this.page.locator("#model-help")).toContainText("parameters");
  }

  async finished(): Promise<void> {
    await expect(this.status.getByText("Done", { exact: true })).toBeVisible();
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
