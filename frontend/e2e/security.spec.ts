import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { expect, type Page, test } from "@playwright/test";
import { freePort } from "../playwright.config";
import { Instrument, STORY, WORDS } from "./instrument";

declare global {
  interface Window {
    violations: string[];
    injected?: boolean;
  }
}

/** Records violations of the page's content security policy and errors of its console. */
async function watched(page: Page): Promise<() => Promise<string[]>> {
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      window.violations.push(`${violatedDirective}: ${blockedURI}`),
    );
  });
  return async () => [...errors, ...(await page.evaluate(() => window.violations))];
}

test("the content security policy blocks nothing that the site does", async ({ page }) => {
  const problems = await watched(page);
  const site = new Instrument(page);
  await site.open({ prompt: STORY, max_new_tokens: 12 });
  await site.run.click();
  await site.finished();

  // Panels as pictures and tables, which have fonts and styles of their own.
  const predictions = site.panel(WORDS.en.topPredictions.title);
  for (const kind of [/SVG/, /PNG/, /CSV/]) {
    await predictions.locator("[data-panel-menu]").click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: kind }).first().click(),
    ]);
    expect(readFileSync(await download.path()).length).toBeGreaterThan(100);
    await page.keyboard.press("Escape");
  }

  const saved = test.info().outputPath("run.html");
  await (await site.save(/^Standalone page ·/)).saveAs(saved);
  for (const view of ["compare", "chat"]) {
    await page.getByRole("link", { name: WORDS.en.header.views.names[view as "compare"] }).click();
    await expect(page.getByRole("main")).toBeVisible();
  }
  await page.goto("/?training=example");
  await expect(
    page.getByRole("listbox", { name: WORDS.en.training.said }).getByRole("option").first(),
  ).toBeVisible();
  await page.goto("/?lang=de");
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  expect(await problems()).toEqual([]);

  const alone = await page.context().newPage();
  const problemsAlone = await watched(alone);
  await alone.goto(`file://${saved}`);
  await expect(alone.getByRole("listbox").getByRole("option").first()).toBeVisible();
  expect(await problemsAlone()).toEqual([]);
});

test("a script injected into a page does not run", async ({ page, context }) => {
  const problems = await watched(page);
  const inject = `<script>window.injected = true</script><img src="x:" onerror="injected = true">`;
  await page.route("/", async (route) => {
    const answer = await route.fetch();
    const body = (await answer.text()).replace("<body>", `<body>${inject}`);
    await route.fulfill({ response: answer, body });
  });
  await page.goto("/");
  await expect(page.getByRole("main")).toBeVisible();
  await expect.poll(async () => (await problems()).join()).toContain("script-src");
  expect(await page.evaluate(() => window.injected)).toBeUndefined();

  // The same from a plain file server, without the header.
  const plain = await context.newPage();
  await plain.route("/", async (route) => {
    const answer = await route.fetch();
    const { "content-security-policy": _, ...headers } = answer.headers();
    const body = (await answer.text()).replace("<body>", `<body>${inject}`);
    await route.fulfill({ response: answer, headers, body });
  });
  await plain.goto("/");
  await expect(plain.getByRole("main")).toBeVisible();
  expect(await plain.evaluate(() => window.injected)).toBeUndefined();
});

test("pages of other sites cannot embed it", async ({ page, baseURL }) => {
  const elsewhere = createServer((_, answer) => {
    answer.setHeader("Content-Type", "text/html");
    answer.end(`<iframe src="${baseURL}/"></iframe>`);
  });
  const port = await freePort();
  await new Promise<void>((listening) => elsewhere.listen(port, "127.0.0.1", listening));
  try {
    await page.goto(`http://127.0.0.1:${port}/`);
    await expect.poll(() => page.frames()[1]?.url()).toContain("chrome-error:");
  } finally {
    elsewhere.close();
  }
});
