import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, SLOW } from "./instrument";

const turns = (page: Page) =>
  page.getByRole("list", { name: "Messages of the conversation" }).locator(":scope > li");

async function open(page: Page, settings: Record<string, string | number> = {}): Promise<void> {
  const query = new URLSearchParams({ view: "chat", max_new_tokens: "12", min_new_tokens: "12" });
  for (const [name, value] of Object.entries(settings)) query.set(name, String(value));
  await page.goto(`/?${query}`);
  await expect(page.locator("#model-help")).toContainText("parameters");
}

async function say(page: Page, message: string): Promise<void> {
  await page.getByRole("textbox", { name: "Message", exact: true }).fill(message);
  await page.keyboard.press("Enter");
}

const answered = (page: Page) =>
  expect(page.getByRole("button", { name: "Regenerate" })).toBeVisible();

test("a message that is sent as soon as the page has loaded is not lost", async ({ page }) => {
  await page.goto("/?view=chat&max_new_tokens=3&min_new_tokens=3");
  await say(page, "Tell me of a cat.");
  await answered(page);
});

test("a conversation continues, and each reply opens in the instrument", async ({ page }) => {
  const requests: { messages: { role: string; content: string }[] }[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/api/run")) requests.push(request.postDataJSON());
  });
  await open(page);
  await expect(page.getByText("has no chat template")).toBeVisible();
  await say(page, "Tell me of a cat.");
  await answered(page);
  await say(page, "And then?");
  await expect(turns(page)).toHaveCount(4);
  await answered(page);
  expect(requests[1]?.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
  expect(requests[1]?.messages[0]?.content).toBe("Tell me of a cat.");

  await turns(page).nth(1).getByRole("button", { name: "Open in the instrument" }).click();
  const site = new Instrument(page);
  await expect(site.status).toContainText("12/12");
  await expect(page.getByRole("listbox")).toContainText("user: Tell me of a cat.");
  await page.goBack();
  await expect(turns(page)).toHaveCount(4);
});

test("messages and replies can be edited, and replies regenerated", async ({ page }) => {
  await open(page, { temperature: 1 });
  await say(page, "One?");
  await answered(page);
  const first = await turns(page).nth(1).innerText();
  await page.getByRole("button", { name: "Regenerate" }).click();
  await answered(page);
  expect(await turns(page).nth(1).innerText()).not.toBe(first);

  await page.getByRole("button", { name: "Edit reply" }).click();
  await page.getByRole("textbox", { name: "Edit reply" }).fill("Only this.");
  await page.keyboard.press("Control+Enter");
  await expect(turns(page).nth(1)).toContainText("Only this.");
  await expect(turns(page).nth(1)).toContainText("edited");

  await page.getByRole("button", { name: "Edit message" }).click();
  await page.getByRole("textbox", { name: "Edit message" }).fill("Two?");
  await page.getByRole("button", { name: "Save" }).click();
  await answered(page);
  await expect(turns(page)).toHaveCount(2);
  await expect(turns(page).first()).toContainText("Two?");
});

test("a reply can be stopped and continued", async ({ page }) => {
  await open(page, { max_new_tokens: 300, min_new_tokens: 300, block_ws_steps: 0, ...SLOW });
  await say(page, "Go on for long.");
  await expect(turns(page).nth(1)).toContainText("Open in the instrument");
  await page.keyboard.press("Escape");
  await answered(page);
  await expect(turns(page).nth(1)).toContainText("Stopped");
});

test("a conversation that is too long for the context says so and can be shortened", async ({
  page,
}) => {
  await open(page);
  await say(page, "First.");
  await answered(page);
  await expect(page.getByRole("meter", { name: "Context used" })).toBeVisible();
  await say(page, "word ".repeat(900));
  const alert = page.getByRole("alert").filter({ has: page.getByRole("button") });
  await expect(alert).toContainText("no longer fits");
  await expect(alert).toContainText("tokens");
  await page.getByRole("button", { name: "Edit message" }).last().click();
  await page.getByRole("textbox", { name: "Edit message" }).fill("Short.");
  await page.getByRole("button", { name: "Save" }).click();
  await answered(page);
  await expect(alert).toBeHidden();
});

test("the views are links of one page, and runs stay when the view changes", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ prompt: "Once", max_new_tokens: 6 });
  await site.run.click();
  await site.finished();
  const nav = page.getByRole("navigation", { name: "Views" });
  await nav.getByRole("link", { name: "Chat" }).focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/prompt=Once.*view=chat/);
  await expect(nav.getByRole("link", { name: "Chat" })).toBeFocused();
  await expect(nav.getByRole("link", { name: "Chat" })).toHaveAttribute("aria-current", "page");
  await page.goBack();
  await expect(site.status.getByText("Done", { exact: true })).toBeVisible();
  await expect(site.prompt).toHaveValue("Once");
});
