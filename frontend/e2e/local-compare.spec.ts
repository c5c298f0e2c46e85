import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, STORY, TEXT_ONLY } from "./instrument";
import { returnTo, type Started, serveStatic } from "./servers";

const MODEL = "browser:mav-tiny";
const overview = (page: Page) => page.getByRole("region", { name: "Overview of the comparison" });
const figures = (page: Page) => page.getByRole("region", { name: "Difference of predictions" });
const run = (page: Page) => page.getByRole("button", { name: "Run", exact: true });
const texts = (page: Page) => page.getByRole("listbox");
const compared = (page: Page) =>
  expect(overview(page).getByText("Compared", { exact: true })).toBeVisible();

const addressOf = (settings: Record<string, string | number>): string => {
  const query = new URLSearchParams({ view: "compare", ...TEXT_ONLY, prompt: STORY });
  for (const [name, value] of Object.entries(settings)) query.set(name, String(value));
  return `?${query}`;
};

async function open(page: Page, settings: Record<string, string | number>): Promise<void> {
  await page.goto(addressOf(settings));
  await expect(page.locator("#model-help")).toContainText("parameters");
}

/** Counts the requests for comparisons. */
function requests(page: Page): () => number {
  let count = 0;
  page.on("request", (request) => {
    if (request.url().includes("/api/compare")) count++;
  });
  return () => count;
}

/** What the page shows of a comparison. */
async function shown(page: Page): Promise<string[]> {
  const chart = page.getByRole("slider", { name: /^Divergence/ });
  const said: string[] = [];
  await chart.focus();
  await page.keyboard.press("Home");
  for (let step = 0; step < 4; step++) {
    said.push((await chart.getAttribute("aria-valuetext")) ?? "");
    said.push(await figures(page).innerText());
    await page.keyboard.press("ArrowRight");
  }
  const all = [...(await texts(page).allInnerTexts()), await overview(page).innerText(), ...said];
  // When the page is idle, definitions are added: elements around words, and a button.
  return all.map((text) => text.replace(/\s|Definitions/g, ""));
}

for (const mode of ["own", "forced"]) {
  test(`greedy and temperature 1.2, ${mode}: the browser shows what the server computes`, async ({
    page,
  }) => {
    const sent = requests(page);
    const settings = { max_new_tokens: 24, min_new_tokens: 24, seed: 7, "b.temperature": 1.2 };
    const other = { ...settings, "b.prompt": "The dragon", compare: mode };
    await open(page, { ...other, model: MODEL });
    await expect(page.locator("#model-help")).toContainText("in your browser");
    await run(page).click();
    await compared(page);
    expect(sent()).toBe(0);
    const own = await shown(page);
    await open(page, { ...other, model: "mav-tiny" });
    await expect(page.locator("#model-help")).toContainText("on the server");
    await run(page).click();
    await compared(page);
    expect(sent()).toBe(1);
    expect(own).toEqual(await shown(page));
  });
}

test("models at two places are refused at the field", async ({ page }) => {
  const sent = requests(page);
  await open(page, { model: MODEL, max_new_tokens: 6, "b.model": "mav-tiny" });
  await run(page).click();
  await expect(page.getByRole("alert").filter({ hasText: "different places" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Run B" })).toHaveAttribute("aria-pressed", "true");
  await expect(page.locator("#model-help")).toContainText("run at the same place");
  expect(sent()).toBe(0);
  await page.getByRole("button", { name: "Model: same as A" }).click();
  await run(page).click();
  await compared(page);
  await expect(page.getByRole("alert").filter({ hasText: "different places" })).toBeHidden();
});

test("an error of the browser's engine names its side and field", async ({ page }) => {
  const breakpoints = JSON.stringify({ pattern: "a+" });
  await open(page, { model: MODEL, max_new_tokens: 6, breakpoints });
  await run(page).click();
  await expect(page.getByRole("alert").filter({ hasText: "Run a" })).toContainText(
    "use breakpoints.text",
  );
  await expect(page.getByLabel("Pattern")).toHaveAttribute("aria-invalid", "true");
});

test("a stopped comparison stops both runs", async ({ page }) => {
  await open(page, { model: MODEL, max_new_tokens: 400, "b.temperature": 0.5 });
  await run(page).click();
  await expect(texts(page).first().getByRole("option").nth(8)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(overview(page).getByText("Not finished", { exact: true })).toBeVisible();
  const counts = () =>
    Promise.all([0, 1].map((side) => texts(page).nth(side).getByRole("option").count()));
  const [a = 0, b = 0] = await counts();
  expect(a).toBeLessThan(400);
  // No token follows, and the worker is free.
  await new Instrument(page).idle();
  expect(await counts()).toEqual([a, b]);
  await page.getByLabel("Max new tokens", { exact: true }).fill("6");
  await run(page).click();
  await compared(page);
});

test.describe("static files without a server", () => {
  let site: Started;

  test.beforeAll(async () => {
    site = await serveStatic(test.info().outputPath("static"));
  });

  test.afterAll(() => site.stop());

  test("two settings are compared, and no second model is offered", async ({ page }) => {
    await returnTo(page);
    const sent = requests(page);
    await page.goto(site.url + addressOf({ max_new_tokens: 12, seed: 3, "b.temperature": 1.3 }));
    await expect(page.getByLabel("Model", { exact: true })).toHaveValue(MODEL);
    await expect(page.getByText("Only one model runs in your browser")).toBeVisible();
    await run(page).click();
    await compared(page);
    await expect(texts(page)).toHaveCount(2);
    await expect(new Instrument(page).alert).toHaveCount(0);
    expect(sent()).toBe(0);
  });
});
