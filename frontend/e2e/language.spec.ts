import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, STORY, TEXT_ONLY } from "./instrument";

test("the language can be changed while a run is shown, and is remembered", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, max_new_tokens: 6, min_new_tokens: 6 });
  await site.prompt.fill(STORY);
  await site.run.click();
  await site.finished();
  await page.getByRole("button", { name: "Deutsch" }).click();

  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  await expect(page).toHaveTitle(/MAV/);
  await expect(page.getByRole("region", { name: "Generierter Text" })).toContainText(STORY);
  await expect(page.getByRole("region", { name: "Status des Laufs" })).toContainText("Fertig");
  await expect(page.getByRole("textbox", { name: "Prompt", exact: true })).toHaveValue(STORY);
  await expect(page.getByText("0 wählt immer das wahrscheinlichste Token")).toBeVisible();
  await expect(page.locator("#model-help")).toContainText("5,87 Mio. Parameter");
  await expect(page.getByRole("button", { name: "Deutsch" })).toBeFocused();

  await page.reload();
  await expect(page.getByRole("button", { name: "Start", exact: true })).toBeVisible();
  await page.keyboard.press("Tab");
  await page.getByRole("button", { name: "English" }).press("Enter");
  await expect(site.run).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
});

test("the language comes from a link or the browser, and English never flashes", async ({
  browser,
}) => {
  for (const [locale, address] of [
    ["de-AT", "/"],
    ["en-US", "/?lang=de"],
  ] as const) {
    const context = await browser.newContext({ locale });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.addInitScript(() => {
      const seen: string[] = [];
      Object.assign(window, { seen });
      // After two seconds without the translation the page shows English. A busy machine may need
      // longer, so this timeout is extended here.
      const later = window.setTimeout;
      const patient = (work: () => void, ms?: number) => later(work, ms === 2000 ? 60_000 : ms);
      Object.assign(window, { setTimeout: patient });
      const look = () => {
        const button = document.querySelector<HTMLElement>("button[type=submit]");
        if (button && getComputedStyle(button).visibility === "visible")
          seen.push(button.innerText);
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    await page.goto(address);
    await expect(page.getByRole("button", { name: "Start", exact: true })).toBeVisible();
    const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
    expect(new Set(seen)).toEqual(new Set(["Start"]));
    expect(problems).toEqual([]);
    await context.close();
  }
});

test("messages of the server stay English and are marked as English", async ({ page }) => {
  await page.goto("/?lang=de&model=nobody&prompt=Once&max_new_tokens=4");
  await page.getByRole("button", { name: "Start", exact: true }).click();
  const alert = page.getByRole("alert").filter({ has: page.getByRole("button") });
  await expect(alert).toContainText("Meldungen des Servers sind auf Englisch");
  await expect(alert.locator("[lang=en]")).toContainText("nobody");
  await expect(alert.getByRole("button", { name: "Einstellung ändern" })).toBeVisible();
});
