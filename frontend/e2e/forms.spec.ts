import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, SLOW, STORY, TEXT_ONLY } from "./instrument";

const SETTING = (name: string) => `#setting-${name}`;

/** Simulates WebKit's limit: more than 100 history updates in 10 seconds throw. */
async function limitHistory(page: Page): Promise<void> {
  await page.addInitScript(() => {
    let times: number[] = [];
    for (const method of ["replaceState", "pushState"] as const) {
      const real = History.prototype[method];
      History.prototype[method] = function (this: History, ...given) {
        const now = performance.now();
        times = times.filter((time) => now - time < 10_000);
        if (times.length >= 100) throw new DOMException("100 times", "SecurityError");
        times.push(now);
        sessionStorage.setItem("updates", String(1 + Number(sessionStorage.getItem("updates"))));
        return real.apply(this, given);
      };
    }
  });
}

test("typing and dragging do not exceed WebKit's limit for history updates", async ({ page }) => {
  await limitHistory(page);
  const instrument = new Instrument(page);
  await instrument.open(TEXT_ONLY);
  const text =
    "Once upon a time there was a little girl who lived in a small house near a forest. ";
  await instrument.prompt.pressSequentially(text.repeat(2), { delay: 5 });
  const slider = page.getByRole("slider", { name: "Temperature" });
  const box = await slider.boundingBox();
  if (!box) throw new Error("no slider");
  await page.mouse.move(box.x + 5, box.y + box.height / 2);
  await page.mouse.down();
  for (let i = 0; i < 150; i++) {
    await page.mouse.move(box.x + 5 + (i % 100), box.y + box.height / 2);
  }
  await page.mouse.up();
  await expect(instrument.prompt).toHaveValue(text.repeat(2));
  await expect.poll(() => new URL(page.url()).searchParams.get("prompt")).toBe(text.repeat(2));
  const updates = await page.evaluate(() => Number(sessionStorage.getItem("updates")));
  expect(updates).toBeLessThan(60);
});

test("a view that fails keeps run and prompt, and can be retried", async ({ page }) => {
  const instrument = new Instrument(page);
  await instrument.open({ prompt: STORY, max_new_tokens: 5 });
  await instrument.run.click();
  await instrument.finished();
  // Formatting the size of the model throws.
  await page.evaluate(() => {
    const real = Number.prototype.toPrecision;
    Number.prototype.toPrecision = () => {
      throw new Error("broken on purpose");
    };
    window.addEventListener("mended", () => {
      Number.prototype.toPrecision = real;
    });
  });
  await page.getByRole("link", { name: "Compare" }).click();
  const failed = page.getByRole("alert").filter({ hasText: "This view failed" });
  await expect(failed).toContainText("broken on purpose");
  await page.evaluate(() => window.dispatchEvent(new Event("mended")));
  await failed.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("link", { name: "Instrument" }).click();
  await expect(instrument.prompt).toHaveValue(STORY);
  await instrument.finished();
});

test("a prompt of any length survives a reload, and the page says where it is stored", async ({
  page,
}) => {
  const instrument = new Instrument(page);
  await instrument.open({ seed: 3 });
  const long = "Once upon a time. ".repeat(300);
  await instrument.prompt.fill(long);
  await expect.poll(() => new URL(page.url()).hash).toContain("prompt=");
  expect(new URL(page.url()).search).toBe("?seed=3");
  await page.reload();
  await expect(instrument.prompt).toHaveValue(long);
  // The link works in another page, too.
  await page.getByRole("button", { name: "Copy link" }).click();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const other = await page.context().newPage();
  await other.goto(link);
  await expect(other.locator(SETTING("prompt"))).toHaveValue(long);
  await other.close();

  const huge = "春が来た。".repeat(20_000);
  await instrument.prompt.fill(huge);
  await expect(page.getByText(/kept in this browser tab only/)).toBeVisible();
  await page.reload();
  await expect(instrument.prompt).toHaveValue(huge);
  await page.getByRole("link", { name: "Chat" }).click();
  await page.goBack();
  await expect(instrument.prompt).toHaveValue(huge);
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByRole("button", { name: "Copied without the long prompt" })).toBeVisible();
  const short = await page.evaluate(() => navigator.clipboard.readText());
  expect(short.length).toBeLessThan(200);
});

for (const view of ["instrument", "compare", "chat"]) {
  test(`a link to a model that the server lacks says so in ${view}`, async ({ page }) => {
    await page.goto(`/?prompt=Once&model=of-another-server&panels=generated-text&view=${view}`);
    const select = page.locator(SETTING("model"));
    await expect(select.locator("option:checked")).toHaveText("of-another-server (not here)");
    await expect(select).toHaveValue("of-another-server");
    await expect(page.locator("#model-help")).toContainText(
      "This model is not here. Choose another one",
    );
  });
}

test("a model that cannot be loaded is marked, and the reason is shown below", async ({ page }) => {
  await page.route("**/api/models", async (route) => {
    const list = await (await route.fetch()).json();
    const [first] = list.models;
    list.models.push({ ...first, name: "torn", title: "Torn" });
    list.problems = { torn: "config.json is not valid JSON. Download the model again." };
    await route.fulfill({ json: list });
  });
  await new Instrument(page).open();
  const select = page.locator(SETTING("model"));
  await expect(select.locator("option[value=torn]")).toHaveText("Torn (cannot be loaded)");
  await select.selectOption("torn");
  await expect(page.locator("#model-help")).toHaveText(/config\.json is not valid JSON/);
});

test("the request names the model that the select shows", async ({ page }) => {
  // The list arrives late and has the link's model second.
  await page.route("**/api/models", async (route) => {
    const list = await (await route.fetch()).json();
    const [first] = list.models;
    list.models = [{ ...first, name: "first", title: "First" }, ...list.models];
    list.default = "first";
    await route.fulfill({ json: list });
  });
  const sent = page.waitForRequest((request) => request.url().endsWith("/api/run"));
  await page.goto("/?prompt=Once&model=mav-tiny&max_new_tokens=3");
  const select = page.locator(SETTING("model"));
  // The last one runs in the browser.
  await expect(select.locator("option")).toHaveCount(3);
  await expect(select).toHaveValue("mav-tiny");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  expect((await sent).postDataJSON().model).toBe("mav-tiny");
  // By keyboard, to the first entry.
  await select.focus();
  await page.keyboard.press("Home");
  await expect(select).toHaveValue("first");
  await page.getByRole("link", { name: "Chat" }).click();
  await page.getByRole("textbox", { name: "Message", exact: true }).fill("Hello");
  await expect(select).toHaveValue("first");
  const said = page.waitForRequest((request) => request.url().endsWith("/api/run"));
  await page.keyboard.press("Enter");
  expect((await said).postDataJSON().model).toBe("first");
});

test("what is changed while a run is being started stays in the other views", async ({ page }) => {
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route("**/api/run", async (route) => {
    await held;
    await route.continue();
  });
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: "Once", max_new_tokens: "3" });
  const requested = page.waitForRequest((request) => request.url().endsWith("/api/run"));
  await site.run.click();
  await requested;
  await page.locator(SETTING("temperature")).fill("0.7");
  answer();
  await site.finished();
  await page.getByRole("link", { name: "Chat" }).click();
  await expect(page.getByRole("textbox", { name: "Message", exact: true })).toBeVisible();
  await expect(page.locator(SETTING("temperature"))).toHaveValue("0.7");
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  for (const [name, query] of [
    ["temperature", "temperature=99"],
    ["min_p", "min_p=7"],
    ["breakpoints_probability_below", 'breakpoints={"probability_below":5}'],
    ["tile_height", 'tile={"height":9999}'],
  ] as const) {
    test(`Run shows what is wrong with ${name}`, async ({ page }) => {
      await page.goto(`/?prompt=Once&panels=generated-text&${query}`);
      await expect(page.locator("#model-help")).toContainText("parameters");
      await page.getByRole("button", { name: "Run", exact: true }).tap();
      await expect(page.locator(SETTING(name))).toBeFocused();
      await expect(page.locator(SETTING(name))).toBeInViewport();
      await expect(page.locator(`#${name}-help`)).toContainText("Enter a");
      await expect(page.getByRole("alert").filter({ hasText: "Check this setting" })).toBeVisible();
      // After closing the sections by hand, Run opens the section again.
      await page.evaluate(() => {
        for (const section of document.querySelectorAll("details")) section.open = false;
      });
      await page.getByRole("button", { name: "Run", exact: true }).tap();
      await expect(page.locator(SETTING(name))).toBeFocused();
    });
  }

  test("an error of the server is shown in its closed section", async ({ page }) => {
    await page.route("**/api/run", (route) =>
      route.fulfill({
        status: 422,
        contentType: "application/problem+json",
        json: { code: "invalid_settings", title: "No", detail: "too small", field: "min_p" },
      }),
    );
    await page.goto("/?prompt=Once");
    await expect(page.locator("#model-help")).toContainText("parameters");
    await page.getByRole("button", { name: "Run", exact: true }).tap();
    await expect(page.locator(SETTING("min_p"))).toBeFocused();
    await expect(page.locator("#min_p-help")).toContainText("too small");
  });

  test("chat does not send an invalid setting, and keeps the message", async ({ page }) => {
    let requests = 0;
    page.on("request", (request) => request.url().endsWith("/api/run") && requests++);
    await page.goto("/?view=chat&temperature=99");
    await page.getByRole("textbox", { name: "Message", exact: true }).fill("Hello");
    await page.getByRole("button", { name: "Send" }).tap();
    await expect(page.locator(SETTING("temperature"))).toBeFocused();
    await expect(page.getByRole("textbox", { name: "Message", exact: true })).toHaveValue("Hello");
    expect(requests).toBe(0);
  });
});

test("keys of an input method neither send, stop nor rename", async ({ page }) => {
  await page.goto("/?view=chat");
  const message = page.getByRole("textbox", { name: "Message", exact: true });
  await message.focus();
  const client = await page.context().newCDPSession(page);
  await client.send("Input.imeSetComposition", {
    text: "にほんご",
    selectionStart: 4,
    selectionEnd: 4,
  });
  for (const key of ["Enter", "Escape"]) {
    for (const how of [{ isComposing: true }, { keyCode: 229 }]) {
      await message.dispatchEvent("keydown", { key, bubbles: true, cancelable: true, ...how });
    }
  }
  await expect(message).toHaveValue("にほんご");
  await expect(page.getByRole("list", { name: "Messages of the conversation" })).toHaveCount(0);
});

test("a decimal comma is accepted, and the slider follows", async ({ page }) => {
  const instrument = new Instrument(page, "de");
  await instrument.open({ ...TEXT_ONLY, prompt: "Once", max_new_tokens: 3 });
  const field = page.locator(SETTING("temperature"));
  await field.fill("0,8");
  await expect(page.getByRole("slider", { name: "Temperatur" })).toHaveValue("0.8");
  const sent = page.waitForRequest((request) => request.url().endsWith("/api/run"));
  await instrument.run.click();
  expect((await sent).postDataJSON().temperature).toBe(0.8);
  await expect.poll(() => new URL(page.url()).searchParams.get("temperature")).toBe("0.8");
  await page.locator(SETTING("max_new_tokens")).fill("1.000");
  await expect(page.locator("#max_new_tokens-help")).toContainText("Tausendertrennzeichen");
});

test("text typed just before a reload is still there", async ({ page }) => {
  const typed = {
    prompt: "Once upon a time, in a land",
    temperature: "0.7",
    seed: "9007199254740991",
    stop: "the end",
    breakpoints_text: "dragon",
    tile_height: "9",
  };
  const instrument = new Instrument(page);
  await instrument.open(TEXT_ONLY);
  await page.evaluate(() => {
    for (const section of document.querySelectorAll("details")) section.open = true;
  });
  for (const [name, value] of Object.entries(typed)) await page.locator(SETTING(name)).fill(value);
  // All digits of the largest seed are visible.
  const hidden = await page
    .locator(SETTING("seed"))
    .evaluate((field) => field.scrollWidth - field.clientWidth);
  expect(hidden).toBeLessThanOrEqual(0);
  for (let time = 0; time < 2; time++) {
    await page.reload();
    for (const [name, value] of Object.entries(typed)) {
      await expect(page.locator(SETTING(name))).toHaveValue(value);
    }
  }
});

test("text typed before the scripts of the page are loaded stays", async ({ page }) => {
  let go = () => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  await page.route("**/*.js", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto("/?seed=3", { waitUntil: "commit" });
  await page.locator(SETTING("prompt")).fill("typed early");
  go();
  await expect(page.locator("#model-help")).toContainText("parameters");
  await expect(page.locator(SETTING("seed"))).toHaveValue("3");
  await expect(page.locator(SETTING("prompt"))).toHaveValue("typed early");
});

test("a run and a conversation survive a reload", async ({ page }) => {
  const instrument = new Instrument(page);
  await instrument.open({ ...TEXT_ONLY, prompt: STORY, max_new_tokens: 8, seed: 5 });
  await instrument.run.click();
  await instrument.finished();
  const panel = instrument.panel("Generated text");
  // The stop for definitions is added after the text, and is part of the panel's text.
  await expect(panel.locator("[data-term-stop]")).toBeAttached();
  const written = await panel.innerText();
  await page.reload();
  await expect(page.getByText(`8 tokens after “${STORY}”`)).toBeVisible();
  await page.getByRole("button", { name: "Open the last run" }).click();
  await instrument.finished();
  await expect(page.getByRole("button", { name: "Open the last run" })).toHaveCount(0);
  await expect.poll(() => panel.innerText()).toBe(written);

  await page.getByRole("link", { name: "Chat" }).click();
  const message = page.getByRole("textbox", { name: "Message", exact: true });
  await message.fill("Tell me a story");
  await page.keyboard.press("Enter");
  const turns = page.getByRole("list", { name: "Messages of the conversation" });
  await expect(turns.getByText("8 tokens")).toBeVisible();
  const said = await turns.innerText();
  await message.fill("And then");
  await page.reload();
  await page.getByRole("button", { name: "Restore" }).click();
  await expect.poll(() => turns.innerText()).toBe(said);
  await expect(message).toHaveValue("And then");
  // Another tab has none of it.
  const other = await page.context().newPage();
  await other.goto("/?view=chat");
  await expect(other.getByRole("textbox", { name: "Message", exact: true })).toBeVisible();
  await expect(other.getByRole("button", { name: "Restore" })).toHaveCount(0);
});

test("the last finished run is offered in another tab, until it is discarded", async ({ page }) => {
  const instrument = new Instrument(page);
  await instrument.open({ ...TEXT_ONLY, prompt: STORY, max_new_tokens: 6, seed: 5 });
  await instrument.run.click();
  await instrument.finished();
  const panel = instrument.panel("Generated text");
  // The stop for definitions is added after the text, and is part of the panel's text.
  await expect(panel.locator("[data-term-stop]")).toBeAttached();
  const written = await panel.innerText();
  const other = new Instrument(await page.context().newPage());
  await other.open(TEXT_ONLY);
  const offer = other.page.getByRole("button", { name: "Open the last run" });
  await offer.click();
  await other.finished();
  await expect.poll(() => other.panel("Generated text").innerText()).toBe(written);

  const third = new Instrument(await page.context().newPage());
  await third.open(TEXT_ONLY);
  await third.page.getByRole("button", { name: "Discard" }).click();
  await third.open(TEXT_ONLY);
  await expect(third.page.getByRole("button", { name: "Open the last run" })).toHaveCount(0);
});

test("a run interrupted by a reload is restored up to what was saved", async ({ page }) => {
  const instrument = new Instrument(page);
  await instrument.open({ ...TEXT_ONLY, ...SLOW, prompt: STORY, max_new_tokens: 480, seed: 5 });
  await instrument.run.click();
  await expect.poll(() => instrument.shownStep()).toBeGreaterThan(20);
  await page.reload();
  await page.getByRole("button", { name: "Open the last run" }).click();
  // The live region and the visible text are the same.
  await expect(instrument.status.getByRole("status")).toHaveText("Stopped");
  await expect(instrument.status.locator("span", { hasText: /^Stopped$/ })).toBeVisible();
  await expect(instrument.panel("Generated text")).toContainText("little");
});

test("two tabs arrange panels without reverting each other", async ({ page, context }) => {
  await page.goto("/");
  const other = await context.newPage();
  await other.goto("/");
  const hide = async (tab: Page, title: string) => {
    await tab.getByRole("button", { name: `Menu of ${title}` }).click();
    await tab.getByRole("menuitem", { name: "Hide" }).click();
  };
  await hide(page, "MLP activations");
  await expect(other.getByRole("region", { name: "MLP activations", exact: true })).toHaveCount(0);
  await hide(other, "Attention entropy");
  const later = await context.newPage();
  await later.goto("/");
  await expect(later.getByRole("region", { name: "Generated text", exact: true })).toBeVisible();
  for (const title of ["MLP activations", "Attention entropy"]) {
    await expect(later.getByRole("region", { name: title, exact: true })).toHaveCount(0);
  }
});
