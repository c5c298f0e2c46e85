import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, STORY, TEXT_ONLY } from "./instrument";

/** A first visit: nothing is stored. */
test.use({ storageState: { cookies: [], origins: [] } });

test("a run appears at the chosen speed; full speed is one click and is remembered", async ({
  page,
}) => {
  const site = new Instrument(page);
  await page.clock.install();
  await site.open({ ...TEXT_ONLY, prompt: STORY, max_new_tokens: 400, min_new_tokens: 400 });
  await expect(page.getByLabel("Speed", { exact: true })).toHaveValue("4");
  await site.run.click();
  await expect(site.status).toContainText("tokens/s shown");
  const full = page.getByRole("button", { name: "Full speed" });
  await expect(full).toHaveAttribute("aria-pressed", "false");
  // At four tokens a second, 400 would take 100 seconds.
  await full.click();
  await site.finished();
  await expect(site.status).toContainText("400/400");
  await page.reload();
  await expect(full).toHaveAttribute("aria-pressed", "true");
});

test("a paced run is paused where it is shown, and goes on from there", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: STORY, max_new_tokens: 12, min_new_tokens: 12 });
  await site.run.click();
  await expect(site.status).toContainText(/[2-6]\/12/);
  await page.getByRole("button", { name: "Pause run" }).click();
  await expect(site.status.getByText("Paused", { exact: true }).first()).toBeVisible();
  const before = await page.getByRole("listbox").evaluate((list) => list.textContent);
  await page.getByRole("button", { name: "Full speed" }).click();
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  await site.finished();
  const after = await page.getByRole("listbox").evaluate((list) => list.textContent);
  expect(after?.startsWith(before ?? "-")).toBe(true);
  await expect(site.status).toContainText("12/12");
});
