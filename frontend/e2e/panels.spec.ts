import { expect, type Locator, type Page } from "@playwright/test";
import { expectNoViolations } from "./axe";
import { test } from "./fixtures";
import { Instrument, SLOW, STORY, TEXT_ONLY } from "./instrument";

const FIRST = [
  "Generated text",
  "The stack",
  "Top predictions",
  "Output distribution",
  "MLP activations",
  "Attention entropy",
];

const titles = (page: Page) => page.locator("[data-panel] h2").allInnerTexts();
const box = async (panel: Locator) => {
  const found = await panel.boundingBox();
  if (!found) throw new Error("not on the page");
  return found;
};

async function openMenu(page: Page, title: string): Promise<void> {
  await page.getByRole("button", { name: `Menu of ${title}` }).click();
  await expect(page.getByRole("menu")).toBeVisible();
}

const choose = (page: Page, item: string) => page.getByRole("menuitem", { name: item }).click();

async function toggle(page: Page, title: string): Promise<void> {
  await page.getByRole("button", { name: "Panels", exact: true }).click();
  await page.getByRole("switch", { name: title }).click();
  await page.getByRole("button", { name: "Close" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
}

test("panels are hidden and opened again, and a reload keeps them", async ({ page }) => {
  const site = new Instrument(page);
  await site.open();
  expect(await titles(page)).toEqual(FIRST);
  await expect(page).not.toHaveURL(/panels=/);

  await openMenu(page, "Output distribution");
  await choose(page, "Hide");
  await expect(site.panel("Output distribution")).toBeHidden();
  await page.goto("/");
  await expect(site.panel("Output distribution")).toBeHidden();
  await expect(page).toHaveURL(/panels=/);

  await toggle(page, "Output distribution");
  await expect(site.panel("Output distribution")).toBeVisible();
  expect((await titles(page)).at(-1)).toBe("Output distribution");

  await page.getByRole("button", { name: "Panels", exact: true }).click();
  await page.getByRole("button", { name: "Reset layout" }).click();
  await page.getByRole("button", { name: "Close" }).click();
  expect(await titles(page)).toEqual(FIRST);
  await expect(page).not.toHaveURL(/panels=/);
});

test("the panels that an earlier visit arranged stay", async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem("mav-panels", "layer-norms.generated-text"));
  await page.goto("/");
  await expect.poll(() => titles(page)).toEqual(["MLP activations", "Generated text"]);
});

test("a link has the layout, which overrides the stored one", async ({ page, browser }) => {
  const site = new Instrument(page);
  await site.open({ prompt: STORY });
  await openMenu(page, "Attention entropy");
  await choose(page, "Move earlier");
  await expect(page.getByRole("button", { name: "Menu of Attention entropy" })).toBeFocused();
  await openMenu(page, "Attention entropy");
  await choose(page, "Wider");
  await openMenu(page, "Top predictions");
  await choose(page, "Hide");
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByText("Link copied")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());

  const stranger = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const other = await stranger.newPage();
  await other.goto(new URL("/", link).href);
  await openMenu(other, "Generated text");
  await choose(other, "Hide");
  await other.goto(link);
  await expect
    .poll(() => titles(other))
    .toEqual([
      "Generated text",
      "The stack",
      "Output distribution",
      "Attention entropy",
      "MLP activations",
    ]);
  const wide = await box(other.locator("[data-panel=attention-entropy]"));
  expect(wide.width).toBeGreaterThan(800);
  // Opening a link does not change the stored layout.
  await other.goto(new URL("/", link).href);
  await expect.poll(() => titles(other)).toEqual(FIRST.slice(1));
  await stranger.close();
});

test("the mouse moves a panel by its header and resizes it by its corner", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 2000 });
  const site = new Instrument(page);
  await site.open();
  const moving = site.panel("Attention entropy");
  const from = await box(moving);
  const to = await box(site.panel("Top predictions"));
  await page.mouse.move(from.x + 200, from.y + 24);
  await page.mouse.down();
  await page.mouse.move(to.x + 60, to.y + 120, { steps: 8 });
  await expect(site.panel("Top predictions")).toHaveAttribute("data-drop", "left");
  await page.mouse.up();
  await expect
    .poll(() => titles(page))
    .toEqual([
      "Generated text",
      "The stack",
      "Attention entropy",
      "Top predictions",
      "Output distribution",
      "MLP activations",
    ]);

  const small = await box(moving);
  await page.mouse.move(small.x + small.width - 6, small.y + small.height - 6);
  await page.mouse.down();
  await page.mouse.move(small.x + small.width + 300, small.y + small.height + 300, { steps: 8 });
  await page.mouse.up();
  const large = await box(moving);
  expect(large.width).toBeGreaterThan(small.width * 1.8);
  expect(large.height).toBeGreaterThan(small.height * 1.3);
  await page.reload();
  await expect.poll(async () => (await box(moving)).width).toBeGreaterThan(small.width * 1.8);
});

test("Escape cancels a drag, and the run continues", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 2000 });
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 300, min_new_tokens: 300, ...SLOW });
  await site.run.click();
  await expect(site.tokens.nth(12)).toBeAttached();
  const from = await box(site.panel("Output distribution"));
  await page.mouse.move(from.x + 200, from.y + 24);
  await page.mouse.down();
  await page.mouse.move(from.x - 200, from.y + 60, { steps: 4 });
  await page.keyboard.press("Escape");
  await page.mouse.up();
  expect(await titles(page)).toEqual(FIRST);
  await openMenu(page, "Output distribution");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu")).toBeHidden();
  await site.finished();
});

test("the keyboard moves, resizes and hides a panel, and each change is announced", async ({
  page,
}) => {
  const site = new Instrument(page);
  await site.open();
  const panel = site.panel("MLP activations");
  const grip = page.getByRole("button", { name: "Move or resize MLP activations" });
  await grip.focus();
  const before = await box(panel);
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByText("MLP activations: place 4 of 6.")).toBeAttached();
  await expect(grip).toBeFocused();
  expect((await titles(page))[3]).toBe("MLP activations");
  await page.keyboard.press("Shift+ArrowRight");
  await expect(
    page.getByText("MLP activations: 2 of 2 columns wide, 1 of 3 rows high."),
  ).toBeAttached();
  expect((await box(panel)).width).toBeGreaterThan(before.width * 1.8);
  await page.keyboard.press("Shift+ArrowDown");
  expect((await box(panel)).height).toBeGreaterThan(before.height * 1.5);
  await page.keyboard.press("Shift+ArrowUp");
  await page.keyboard.press("Shift+ArrowLeft");
  expect((await box(panel)).width).toBeCloseTo(before.width, 0);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menu")).toBeVisible();
  await page.keyboard.press("Escape");
  await grip.focus();
  await page.keyboard.press("Delete");
  await expect(panel).toBeHidden();
  await expect(page.getByText("MLP activations hidden.")).toBeAttached();
  await expect(
    page.getByRole("button", { name: "Move or resize Output distribution" }),
  ).toBeFocused();
});

test("a panel opened after the run offers to run again, and then shows the same text", async ({
  page,
}) => {
  const site = new Instrument(page);
  await page.goto(
    `/?prompt=${STORY}&max_new_tokens=8&temperature=0.9&panels=generated-text.top-predictions`,
  );
  await site.run.click();
  await site.finished();
  const said = await page.getByRole("listbox").evaluate((list) => list.textContent);
  await toggle(page, "Attention entropy");
  const panel = site.panel("Attention entropy");
  await expect(panel).toContainText("This run did not capture attention entropy.");
  await panel.getByRole("button", { name: "Run again" }).click();
  await expect(panel.getByRole("group")).toBeVisible();
  await site.finished();
  expect(await page.getByRole("listbox").evaluate((list) => list.textContent)).toBe(said);
});

test("a panel that the model does not support says so", async ({ page }) => {
  await page.route("**/api/models", async (route) => {
    const response = await route.fetch();
    const list = await response.json();
    for (const model of list.models) {
      model.capabilities = model.capabilities.filter(
        (probe: string) => probe !== "attention_entropy",
      );
    }
    await route.fulfill({ response, json: list });
  });
  const site = new Instrument(page);
  await site.open({ prompt: STORY });
  await expect(site.panel("Attention entropy")).toContainText("does not support attention entropy");
  const request = page.waitForRequest("**/api/run");
  await site.run.click();
  expect((await request).postDataJSON().capture).not.toContain("attention_entropy");
});

test("a panel whose code cannot be loaded says so in its place, and can be retried", async ({
  page,
}) => {
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 6 });
  await site.run.click();
  await site.finished();
  // The list itself is loaded when it is first opened.
  await page.getByRole("button", { name: "Panels", exact: true }).click();
  await expect(page.getByRole("switch", { name: "Trends" })).toBeVisible();
  await page.route("**/_next/static/chunks/**", (route) => route.abort());
  await page.getByRole("switch", { name: "Trends" }).click();
  await page.getByRole("button", { name: "Close" }).click();
  const broken = site.panel("Trends");
  await expect(broken.getByRole("alert")).toContainText("Trends failed");
  await expect(site.panel("Output distribution")).toContainText("nats of entropy");
  await page.unroute("**/_next/static/chunks/**");
  await broken.getByRole("button", { name: "Try again" }).click();
  await expect(broken.getByRole("alert")).toBeHidden();
  await expect(broken.getByRole("img").first()).toBeVisible();
});

test("a phone has one column, and panels move in it", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/?panels=generated-text.trendy.layer-norms*2x3.output-distribution");
  await expect(page.getByText(/does not have: trendy/)).toBeVisible();
  const widths = await page
    .locator("[data-panel]")
    .evaluateAll((panels) => panels.map((panel) => panel.getBoundingClientRect().width));
  expect(new Set(widths)).toEqual(new Set([390]));
  await openMenu(page, "Output distribution");
  await expect(page.getByRole("menuitem", { name: "Wider" })).toHaveCount(0);
  await choose(page, "Move earlier");
  expect(await titles(page)).toEqual(["Generated text", "Output distribution", "MLP activations"]);
  await page.getByRole("button", { name: "Dismiss" }).click();
  await expect(page.getByText(/does not have: trendy/)).toBeHidden();
});

test("the address has the settings of the run, with the seed that was drawn", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: STORY, max_new_tokens: 8, temperature: 1.5 });
  await expect(page).not.toHaveURL(/seed=/);
  await site.run.click();
  await site.finished();
  const said = await page.getByRole("listbox").evaluate((list) => list.textContent);
  await expect(page).toHaveURL(/seed=/);
  await page.reload();
  await site.run.click();
  await site.finished();
  expect(await page.getByRole("listbox").evaluate((list) => list.textContent)).toBe(said);

  await page.getByRole("textbox", { name: "Seed" }).fill("");
  await expect(page).not.toHaveURL(/seed=/);
});

test("a link can bring forced tokens and a conversation, and the page says so", async ({
  page,
}) => {
  const site = new Instrument(page);
  const messages = JSON.stringify([{ role: "user", content: "Tell me of a dragon" }]);
  await site.open({ ...TEXT_ONLY, messages, forced_ids: 300, max_new_tokens: 4 });
  await expect(page.getByText("a conversation of 1 message instead of the prompt")).toBeVisible();
  const request = page.waitForRequest("**/api/run");
  await site.run.click();
  expect((await request).postDataJSON()).toMatchObject({
    messages: JSON.parse(messages),
    forced_ids: [300],
  });
  await site.finished();
  // The address is written after a pause.
  await expect
    .poll(() => {
      const query = new URL(page.url()).searchParams;
      return [query.get("messages"), ...query.getAll("forced_ids")];
    })
    .toEqual([messages, "300"]);
  await page.getByRole("button", { name: "Remove" }).click();
  await expect(page).not.toHaveURL(/messages=/);
  await site.prompt.fill(STORY);
  await site.run.click();
  await expect(page.getByRole("listbox")).toContainText(STORY);
});

test("axe finds nothing in a note, and nothing if no panel is open", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto("/?panels=generated-text.trendy.layer-norms.top-predictions*2x2");
  await expect(page.getByText(/does not have: trendy/)).toBeVisible();
  const button = page.getByRole("button", { name: "What Top predictions does not prove" });
  await button.click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await expectNoViolations(page);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(button).toBeFocused();
  await page.goto("/?panels=");
  await expect(page.getByText("No panel is open.")).toBeVisible();
  await expectNoViolations(page);
});
