import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, STORY } from "./instrument";

test("the keyboard opens a menu whose code is not loaded yet, walks it and comes back", async ({
  page,
}) => {
  const site = new Instrument(page);
  await site.open();
  const save = page.getByRole("button", { name: "Save", exact: true });
  const items = page.getByRole("menuitem");
  for (const key of ["Enter", "Space", "ArrowDown"]) {
    await save.focus();
    await page.keyboard.press(key);
    await expect(save).toHaveAttribute("aria-expanded", "true");
    // There is no run yet: what there is nothing to save of is passed over.
    await expect(page.getByRole("menuitem", { name: /^Copy link/ })).toBeFocused();
    await page.keyboard.press("ArrowDown");
    await expect(page.getByRole("menuitem", { name: /^Open a recording/ })).toBeFocused();
    await page.keyboard.press("ArrowDown");
    await expect(items.last()).toBeFocused();
    await page.keyboard.press("ArrowDown");
    await expect(items.first()).toBeFocused();
    await page.keyboard.press("End");
    await expect(items.last()).toBeFocused();
    await page.keyboard.press("c");
    await expect(page.getByRole("menuitem", { name: /^Copy link/ })).toBeFocused();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("menu")).toBeHidden();
    await expect(save).toBeFocused();
    await expect(save).toHaveAttribute("aria-expanded", "false");
  }
});

test("Tab leaves a menu for what comes after its button", async ({ page }) => {
  const site = new Instrument(page);
  await site.open();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("menu")).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("menu")).toBeHidden();
  await expect(
    page.getByRole("group", { name: "Depth" }).getByRole("button", { pressed: true }),
  ).toBeFocused();
});

test("a second press closes a popup, and so does one elsewhere", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ prompt: STORY });
  const menu = page.getByRole("button", { name: "Menu of Top predictions" });
  const note = page.getByRole("button", { name: "What Top predictions does not prove" });
  for (const [button, role] of [
    [menu, "menu"],
    [note, "dialog"],
  ] as const) {
    const popup = page.getByRole(role);
    await button.click();
    await expect(popup).toBeVisible();
    await button.click();
    await expect(popup).toBeHidden();
    await button.click();
    await expect(popup).toBeVisible();
    await site.prompt.click();
    await expect(popup).toBeHidden();
    await expect(site.prompt).toBeFocused();
  }
});

test("a popup that could not be loaded opens at the next press", async ({ page }) => {
  const site = new Instrument(page);
  await site.open();
  const save = page.getByRole("button", { name: "Save", exact: true });
  await page.route("**/_next/static/chunks/**", (route) => route.abort());
  await save.click();
  await expect(save).toHaveAttribute("aria-expanded", "false");
  await page.unroute("**/_next/static/chunks/**");
  await save.click();
  await expect(page.getByRole("menu")).toBeVisible();
});
