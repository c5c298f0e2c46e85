import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, STORY, TEXT_AND_PREDICTIONS } from "./instrument";

// All panels are in view: those that are not follow only when the shown token stays the same.
test.use({ viewport: { width: 1280, height: 1700 } });

const tree = (page: Page) => page.getByRole("tree");
const rows = (page: Page) => tree(page).getByRole("treeitem");

async function ran(page: Page, settings = {}): Promise<Instrument> {
  const site = new Instrument(page);
  await site.open({
    ...TEXT_AND_PREDICTIONS,
    prompt: STORY,
    max_new_tokens: 12,
    min_new_tokens: 12,
    ...settings,
  });
  await site.run.click();
  await site.finished();
  return site;
}

async function textOf(page: Page): Promise<string> {
  return (await page.getByRole("listbox").evaluate((list) => list.textContent)) ?? "";
}

test("choosing another prediction at any token continues from there as a branch", async ({
  page,
}) => {
  const requests: Record<string, unknown>[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/api/run")) requests.push(request.postDataJSON());
  });
  const site = await ran(page, { temperature: 0.8, seed: 5 });
  const original = await textOf(page);
  await expect(tree(page)).toBeHidden();

  await site.showTokenBefore(6);
  const step = await site.shownStep();
  const other = site.forkButton;
  const name = (await other.getAttribute("aria-label")) ?? "";
  await other.click();
  await expect(rows(page)).toHaveCount(2);
  await site.finished();

  const label = /Continue with (.*) instead/.exec(name)?.[1] ?? "none";
  await expect(rows(page).nth(1)).toHaveAccessibleName(
    new RegExp(`^${label.replace(/[.*+?^$()|[\]\\]/g, "\\$&")} instead of .* at token ${step}`),
  );
  expect(requests[1]).toMatchObject({ prompt: STORY, temperature: 0.8, seed: 5 });
  expect(requests[1]?.forced_ids).toHaveLength(step + 1);
  await expect.poll(() => textOf(page)).not.toBe(original);
  // The branch shows the token that was chosen, and marks it.
  await expect.poll(() => site.shownStep()).toBe(step);
  const marked = site.tokens.filter({ has: page.locator("svg") });
  await expect(marked).toHaveCount(1);
  await expect(marked).toHaveAttribute("aria-selected", "true");
  await expect(marked).toHaveAccessibleName(/the branch begins here$/);
  const branched = await textOf(page);
  expect(branched.startsWith(STORY)).toBe(true);

  await rows(page).first().click();
  await expect.poll(() => textOf(page)).toBe(original);
});

test("branches are forked, selected, renamed and deleted by keyboard", async ({ page }) => {
  const site = await ran(page);
  const original = await textOf(page);
  await site.forkButton.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await site.finished();
  await rows(page).nth(1).focus();
  await page.keyboard.press("ArrowUp");
  await expect(rows(page).first()).toBeFocused();
  expect(await textOf(page)).toBe(original);
  await page.keyboard.press("ArrowDown");
  await expect(rows(page).nth(1)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("F2");
  await page.keyboard.type("the other way");
  await page.keyboard.press("Enter");
  await expect(rows(page).nth(1)).toContainText("the other way");
  await rows(page).nth(1).focus();
  await page.keyboard.press("Delete");
  await expect(tree(page)).toBeHidden();
  expect(await textOf(page)).toBe(original);
});

test("a branch whose model is gone says so and keeps what was received", async ({ page }) => {
  const site = await ran(page);
  await page.route("**/api/run", (route) =>
    route.fulfill({
      status: 404,
      contentType: "application/problem+json",
      json: { code: "unknown_model", title: "No such model here", detail: "?", field: "model" },
    }),
  );
  await site.showTokenBefore(4);
  await site.forkButton.click();
  await expect(site.alert).toContainText("is no longer on the server");
  await expect(site.alert).toContainText("mav-tiny");
  await expect(site.alert).toContainText("7 tokens were received and are shown below.");
  await expect(page.getByRole("listbox")).toContainText(STORY);
  await expect(rows(page).nth(1)).toContainText("failed");
  await page.unroute("**/api/run");
  await site.alert.getByRole("button", { name: "Continue" }).click();
  await site.finished();
  await expect(site.status).toContainText("12/12");
});

test("a branch continues in the background while another is shown", async ({ page }) => {
  const site = await ran(page, { max_new_tokens: 120, min_new_tokens: 120 });
  await site.tokens.nth(20).click();
  await site.forkButton.click();
  await expect(rows(page)).toHaveCount(2);
  await rows(page).first().click();
  await expect(site.status).toContainText("120/120");
  await expect(rows(page).nth(1)).toContainText("120");
  await rows(page).nth(1).click();
  await site.finished();
});
