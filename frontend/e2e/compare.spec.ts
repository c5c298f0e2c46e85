import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, SLOW, STORY, TEXT_AND_PREDICTIONS, TEXT_ONLY } from "./instrument";

const chart = (page: Page) => page.getByRole("slider", { name: /^Divergence/ });
const overview = (page: Page) => page.getByRole("region", { name: "Overview of the comparison" });
const run = (page: Page) => page.getByRole("button", { name: "Run", exact: true });
const texts = (page: Page) => page.getByRole("listbox");

async function open(page: Page, settings: Record<string, string | number>): Promise<void> {
  const query = new URLSearchParams({ view: "compare", ...TEXT_ONLY, prompt: STORY });
  for (const [name, value] of Object.entries(settings)) query.set(name, String(value));
  await page.goto(`/?${query}`);
  await expect(page.locator("#model-help")).toContainText("parameters");
}

const compared = (page: Page) =>
  expect(overview(page).getByText("Compared", { exact: true })).toBeVisible();

test("two settings, each with its own text, with one slider", async ({ page }) => {
  await open(page, { max_new_tokens: 16, min_new_tokens: 16, seed: 3, "b.temperature": 1.3 });
  await expect(page.getByRole("list", { name: "Settings of B that differ" })).toContainText("1.3");
  await run(page).click();
  await compared(page);
  await expect(texts(page)).toHaveCount(2);
  await chart(page).focus();
  await page.keyboard.press("Home");
  for (const side of [0, 1]) {
    const chosen = texts(page).nth(side).getByRole("option", { selected: true });
    await expect(chosen).toHaveCount(1);
  }
  await expect(chart(page)).toHaveAttribute("aria-valuetext", /^token 0: A .*, B .*, KL (0|<1e-6)/);
  await page.keyboard.press("ArrowRight");
  await expect(chart(page)).toHaveAttribute("aria-valuenow", "1");
  // Selecting a token in either text moves both, too.
  await texts(page).nth(1).getByRole("option").nth(-4).click();
  await expect(chart(page)).not.toHaveAttribute("aria-valuenow", "1");
});

test("the page shows the values that the API sends for a forced comparison", async ({ page }) => {
  const settings = { prompt: STORY, max_new_tokens: 10, seed: 3 };
  const changed = { ...settings, prompt: "The sun was hot. There was a little" };
  const answer = await page.request.post("/api/compare", {
    headers: { Accept: "application/x-ndjson" },
    data: { a: settings, b: changed, mode: "forced" },
  });
  const events = (await answer.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const apart = events.filter(({ type }) => type === "divergence");
  expect(apart).toHaveLength(10);

  await open(page, { ...settings, "b.prompt": changed.prompt, compare: "forced" });
  await run(page).click();
  await compared(page);
  await expect(overview(page)).toContainText(/texts diverge\s*nowhere/);
  await chart(page).focus();
  await page.keyboard.press("Home");
  const figures = page.getByRole("region", { name: "Difference of predictions" });
  for (const { kl, rank } of apart.slice(0, 3)) {
    await expect(figures).toContainText(kl.toFixed(2).slice(0, 4));
    await expect(figures.getByText("rank of A’s token in B").locator("xpath=..")).toContainText(
      String(rank),
    );
    await page.keyboard.press("ArrowRight");
  }
  await expect(
    page.getByRole("region", { name: "Difference by layer" }).getByRole("img"),
  ).toHaveAccessibleName(/^Distance by layer: 0: .* out: .* %/);
});

test("an error names its side, and what was received stays", async ({ page }) => {
  await open(page, { max_new_tokens: 6, "b.model": "nobody" });
  await run(page).click();
  const alert = page.getByRole("alert").filter({ hasText: "Run b" });
  await expect(alert).toContainText("Run b: There is no model named 'nobody'");
  await page.getByRole("button", { name: "Model: same as A" }).click();
  await run(page).click();
  await compared(page);
  await expect(alert).toBeHidden();
});

test("a stopped comparison releases its runs on the server", async ({ page }) => {
  await open(page, { max_new_tokens: 400, min_new_tokens: 400, ...SLOW, "b.temperature": 0.5 });
  const sent = page.waitForRequest("**/api/compare");
  await run(page).click();
  await sent;
  await page.keyboard.press("Escape");
  await expect(overview(page).getByText("Not finished", { exact: true })).toBeVisible();
  await expect
    .poll(async () => (await (await page.request.get("/api/health")).json()).runs_active)
    .toBe(0);
});

test("the empty view leads to the second side's settings, and the link has them", async ({
  page,
}) => {
  await open(page, {});
  await page.getByRole("button", { name: "Choose" }).last().click();
  await expect(page.getByRole("button", { name: "Run B" })).toHaveAttribute("aria-pressed", "true");
  await expect(page).toHaveURL(/b\.temperature=0\.8/);
  await page.reload();
  await expect(page.getByRole("list", { name: "Settings of B that differ" })).toContainText("0.8");
});

test("without a prompt, a suggestion leads to the prompt of both runs", async ({ page }) => {
  const prompt = page.getByRole("textbox", { name: "Prompt", exact: true });
  await open(page, { prompt: "", max_new_tokens: 6 });
  await page.getByRole("button", { name: "Choose" }).last().click();
  await expect(page.getByRole("button", { name: "Run A" })).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("list", { name: "Settings of B that differ" })).toContainText("0.8");
  await expect(prompt).toBeFocused();
  // The same where the visitor has opened the settings of B.
  await page.getByRole("button", { name: "Run B" }).click();
  await run(page).click();
  await expect(page.locator("#prompt-help")).not.toBeEmpty();
  await prompt.fill(STORY);
  await run(page).click();
  await compared(page);
  for (const side of [0, 1]) await expect(texts(page).nth(side)).toContainText(STORY);
});

test("two prompts: B gets its own, and the same again", async ({ page }) => {
  const prompt = page.getByRole("textbox", { name: "Prompt", exact: true });
  const same = page.getByRole("checkbox", { name: "Same prompt as run A" });
  await open(page, { max_new_tokens: 6 });
  await page.getByRole("button", { name: "Choose" }).nth(-2).click();
  await expect(same).not.toBeChecked();
  await expect(prompt).toBeFocused();
  await prompt.fill("The dragon");
  await run(page).click();
  await compared(page);
  await expect(texts(page).first()).toContainText(STORY);
  await expect(texts(page).last()).toContainText("The dragon");
  await same.check();
  await expect(prompt).toHaveValue(STORY);
  await expect(page).not.toHaveURL(/b\.prompt/);
});

test("the overview counts what was compared where the texts differ from the start", async ({
  page,
}) => {
  // With this temperature the first tokens differ; the predictions do not, but for rounding.
  await open(page, { max_new_tokens: 12, min_new_tokens: 12, seed: 1, "b.temperature": 10 });
  await run(page).click();
  await compared(page);
  await expect(overview(page)).toContainText(/texts diverge\s*at token 0/);
  await expect(overview(page)).toContainText(
    /compared until the texts diverge\s*1 of 12 tokens\s*mean KL over 1 token\s*(0|<1e-6) nats/,
  );
  await expect(overview(page)).toContainText(/same likeliest token\s*1 of 1/);
  await expect(overview(page)).not.toContainText("%");
});

test("two branches are shown side by side and can be measured", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({
    ...TEXT_AND_PREDICTIONS,
    prompt: STORY,
    max_new_tokens: 10,
    min_new_tokens: 10,
  });
  await run(page).click();
  await site.finished();
  await site.showTokenBefore(4);
  await site.forkButton.click();
  await site.finished();
  await page.getByRole("button", { name: "Side by side" }).click();
  await expect(overview(page)).toContainText(/texts diverge\s*at token 5/);
  await expect(texts(page)).toHaveCount(2);
  await page.getByRole("button", { name: "Measure the divergence" }).click();
  await compared(page);
  await expect(overview(page)).toContainText("at token 5");
  await page.getByRole("link", { name: "Instrument" }).click();
  await expect(page.getByRole("tree").getByRole("treeitem")).toHaveCount(2);
});

test("the panels of a comparison are the open ones; others can be opened there", async ({
  page,
}) => {
  await open(page, { max_new_tokens: 6, "b.temperature": 0.9, panels: "layer-norms" });
  await run(page).click();
  await compared(page);
  const side = (title: string, letter: string) =>
    page.getByRole("group", { name: `${title}, Run ${letter}` });
  await expect(side("MLP activations", "B").getByRole("group").first()).toBeVisible();
  await expect(page.getByRole("group", { name: /^Attention entropy/ })).toHaveCount(0);

  await page.getByRole("button", { name: "Panels", exact: true }).click();
  await page.getByRole("switch", { name: "Logit lens" }).click();
  await page.getByRole("button", { name: "Close" }).click();
  await expect(side("Logit lens", "A")).toContainText("did not capture the logit lens");
  await side("Logit lens", "A").getByRole("button", { name: "Run again" }).click();
  await compared(page);
  for (const letter of ["A", "B"]) {
    await expect(side("Logit lens", letter).getByRole("row")).toHaveCount(7);
  }
  await page.getByRole("link", { name: "Instrument" }).click();
  await expect(page.getByRole("region", { name: "Logit lens" })).toBeVisible();
});

test("a link to a comparison does not show another view first", async ({ page }) => {
  let load = () => {};
  const loaded = new Promise<void>((resolve) => {
    load = resolve;
  });
  await page.route("**/_next/static/**/*.js", async (route) => {
    await loaded;
    await route.continue();
  });
  // The page would be shown after two seconds.
  await page.clock.install({ time: 0 });
  await page.clock.pauseAt(1000);
  await page.goto("/?view=compare", { waitUntil: "commit" });
  const run = page.getByRole("button", { name: "Run", exact: true });
  await expect(page.locator("button[type=submit]")).toBeAttached();
  await expect(run).toBeHidden();
  load();
});
