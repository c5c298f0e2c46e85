import { expect, test } from "@playwright/test";
import { Instrument, STORY } from "./instrument";

test("the language can be changed while a run stands on the page, and is kept", async ({
  page,
}) => {
  const site = new Instrument(page);
  await site.open({ max_new_tokens: 6, min_new_tokens: 6 });
  await site.prompt.fill(STORY);
  await site.run.click();
  await site.finished();
  await page.getByRole("button", { name: "Deutsch" }).click();

  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  await expect(page).toHaveTitle(/MAV/);
  await expect(page.getByRole("region", { name: "Erzeugter Text" })).toContainText(STORY);
  await expect(page.getByRole("region", { name: "Stand des Laufs" })).toContainText("Fertig");
  await expect(page.getByRole("textbox", { name: "Prompt", exact: true })).toHaveValue(STORY);
  await expect(page.getByText("0 nimmt stets das wahrscheinlichste Token")).toBeVisible();
  await expect(page.locator("#model-help")).toContainText("5,87 Mio. Parameter");
  await expect(page.getByRole("button", { name: "Deutsch" })).toBeFocused();

  await page.reload();
  await expect(page.getByRole("button", { name: "Start", exact: true })).toBeVisible();
  await page.keyboard.press("Tab");
  await page.getByRole("button", { name: "English" }).press("Enter");
  await expect(site.run).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
});

test("a link and the browser bring a language, and English never flashes", async ({ browser }) => {
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

test("what the server says stays English and says so", async ({ page }) => {
  await page.goto("/?lang=de&model=nobody&prompt=Once&max_new_tokens=4");
  await page.getByRole("button", { name: "Start", exact: true }).click();
  const alert = page.getByRole("alert").filter({ has: page.getByRole("button") });
  await expect(alert).toContainText("Meldungen des Servers sind englisch");
  await expect(alert.locator("[lang=en]")).toContainText("nobody");
  await expect(alert.getByRole("button", { name: "Einstellung ändern" })).toBeVisible();
});
