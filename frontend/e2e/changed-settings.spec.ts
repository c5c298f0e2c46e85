import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, STORY, TEXT_ONLY } from "./instrument";

test("settings that the run shown does not have are marked, and can be taken back", async ({
  page,
}) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: STORY, max_new_tokens: 6, temperature: 0.5, seed: 3 });
  const mark = page.getByText(/not run yet/);
  const temperature = page.locator("#setting-temperature");
  await temperature.fill("0.8");
  // There is no run yet.
  await expect(mark).toHaveCount(0);
  await site.run.click();
  await site.finished();
  await expect(mark).toHaveCount(0);

  await temperature.fill("1.2");
  await expect(temperature).toHaveAccessibleDescription(/^not run yet; the run shown: 0\.8/);
  await site.prompt.fill("The dragon");
  await expect(site.prompt).toHaveAccessibleDescription(`not run yet; the run shown: ${STORY}`);
  await expect(page.getByText("2 settings are not run yet.")).toBeVisible();
  // Also in a closed section.
  await expect(page.locator("summary", { hasText: "Sampling controls" }).first()).toContainText(
    "1 not run yet",
  );

  await page.getByRole("button", { name: "Undo" }).click();
  await expect(mark).toHaveCount(0);
  await expect(temperature).toHaveValue("0.8");
  await expect(site.prompt).toHaveValue(STORY);

  await temperature.fill("1.2");
  await site.run.click();
  await expect(mark).toHaveCount(0);
  await site.finished();
  // A run that is continued beyond its limit has the settings of the form.
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  await site.finished();
  await expect(site.status).toContainText("12/12");
  await expect(mark).toHaveCount(0);
});

test("a comparison marks the settings of each side", async ({ page }) => {
  await page.goto(
    `/?view=compare&prompt=${STORY}&max_new_tokens=4&b.temperature=1&panels=generated-text`,
  );
  await expect(page.locator("#model-help")).toContainText("parameters");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByText("Compared", { exact: true })).toBeVisible();
  await page.locator("#setting-top_k").fill("7");
  await expect(page.getByText("1 setting is not run yet.")).toBeVisible();
  await page.getByRole("button", { name: "Run B" }).click();
  await expect(page.locator("#setting-top_k")).toHaveAccessibleDescription(/^not run yet/);
  await expect(page.locator("#setting-temperature")).not.toHaveAccessibleDescription(/not run/);
});

test("the browser remembers which sections of the form are open", async ({ page }) => {
  const site = new Instrument(page);
  await site.open();
  const section = (name: string) => page.locator("summary", { hasText: new RegExp(`^${name}`) });
  const temperature = page.locator("#setting-temperature");
  await expect(temperature).toBeVisible();
  await section("Sampling controls").click();
  await section("Measuring").click();
  await page.reload();
  await expect(page.locator("#setting-top_n")).toBeVisible();
  await expect(temperature).toBeHidden();
  // What an error opens is closed again at the next visit.
  await page.goto("/?prompt=Once&temperature=99");
  await expect(page.locator("#model-help")).toContainText("parameters");
  await site.run.click();
  await expect(temperature).toBeFocused();
  await page.goto("/?prompt=Once");
  await expect(page.locator("#setting-top_n")).toBeVisible();
  await expect(temperature).toBeHidden();
});
