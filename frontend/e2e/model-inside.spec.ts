import { readFileSync, writeFileSync } from "node:fs";
import { type Browser, expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, TEXT_AND_PREDICTIONS } from "./instrument";

const LENGTH = 24;
const SAMPLED = { ...TEXT_AND_PREDICTIONS, temperature: 0.9, seed: 7, max_new_tokens: LENGTH };
const ITEM = /^Standalone page with the model inside/;

/** The tokens of the prompt and of the run. */
const textOf = async (site: Instrument): Promise<string> =>
  (await site.tokens.allTextContents()).join("");

/** Opens a file in a browser without a network; `problems` returns all that went wrong. */
async function openFile(
  browser: Browser,
  file: string,
): Promise<{ page: Page; problems: () => Promise<string[]> }> {
  const context = await browser.newContext({ offline: true });
  await context.addInitScript(() => {
    localStorage.setItem("mav-pace", "computed");
    window.violations = [];
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      window.violations.push(`${violatedDirective}: ${blockedURI}`),
    );
  });
  const page = await context.newPage();
  const found: string[] = [];
  context.on("request", (request) => {
    if (!/^(file|data|blob):/.test(request.url())) found.push(request.url());
  });
  page.on("pageerror", (error) => found.push(error.message));
  page.on("console", (message) => message.type() === "error" && found.push(message.text()));
  await page.goto(`file://${file}`);
  return {
    page,
    problems: async () => [...found, ...(await page.evaluate(() => window.violations))],
  };
}

async function savedPage(site: Instrument): Promise<string> {
  const file = test.info().outputPath("run.html");
  await (await site.save(ITEM)).saveAs(file);
  return file;
}

/** Forks the run, and continues the fork beyond its limit; returns both texts. */
async function forkedAndContinued(site: Instrument): Promise<[string, string]> {
  await site.showTokenBefore(8);
  const before = await textOf(site);
  const count = await site.tokens.count();
  await site.forkButton.click();
  await expect.poll(() => textOf(site)).not.toBe(before);
  // The status may still be that of the run before.
  await expect(site.tokens).toHaveCount(count);
  await site.finished();
  await expect(site.status).toContainText(`${LENGTH}/${LENGTH}`);
  const forked = await textOf(site);
  await site.page.getByRole("button", { name: "Continue", exact: true }).click();
  await expect(site.tokens).toHaveCount(count + LENGTH);
  await expect(site.status).toContainText(`${2 * LENGTH}/${2 * LENGTH}`);
  await site.finished();
  return [forked, await textOf(site)];
}

for (const model of ["mav-tiny", "browser:mav-tiny"]) {
  test(`a page with the model inside continues like the server (${model})`, async ({
    page,
    browser,
  }) => {
    const site = new Instrument(page);
    await site.open({ ...SAMPLED, prompt: "Once upon a </script> time", model });
    await site.run.click();
    await site.finished();
    const whole = await textOf(site);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    const size = await page.getByRole("menuitem", { name: ITEM }).innerText();
    await page.keyboard.press("Escape");
    const file = await savedPage(site);
    const { length } = readFileSync(file);
    const about = Number(/about ([\d.]+) MB/.exec(size)?.[1]);
    expect(Math.abs(about - length / 1e6)).toBeLessThan(0.5);
    console.log(`  a page with the model inside: ${length} bytes`);
    expect(length).toBeLessThanOrEqual(16_000_000);
    const expected = await forkedAndContinued(site);
    expect(expected[0]).not.toBe(whole);

    const alone = await openFile(browser, file);
    const replay = new Instrument(alone.page);
    await replay.finished();
    expect(await textOf(replay)).toBe(whole);
    expect(await forkedAndContinued(replay)).toEqual(expected);
    // Both runs are listed, without the comparison that only the site has.
    const runs = alone.page.getByRole("region", { name: replay.words.branches.label });
    await expect(runs).toBeVisible();
    await expect(runs.getByRole("button", { name: "Side by side" })).toHaveCount(0);
    expect(await alone.problems()).toEqual([]);
    await alone.page.context().close();
  });
}

test("a damaged model is named, and the recording plays", async ({ page, browser }) => {
  const site = new Instrument(page);
  await site.open({ ...SAMPLED, prompt: "Once upon a time", max_new_tokens: 20 });
  await site.run.click();
  await site.finished();
  const whole = await textOf(site);
  const file = await savedPage(site);
  const content = readFileSync(file, "latin1");
  const middle = content.indexOf('id="mav-model-files"') + 5_000_000;
  const other = content[middle] === "A" ? "B" : "A";
  const damages = [
    [content.slice(0, middle) + other + content.slice(middle + 1), true],
    [content.slice(0, middle) + content.slice(middle + 40_000), true],
    [content.replace('{"info":', '{"info"'), false],
  ] as const;
  for (const [damaged, canTry] of damages) {
    writeFileSync(file, damaged, "latin1");
    const alone = await openFile(browser, file);
    const replay = new Instrument(alone.page);
    await replay.finished();
    expect(await textOf(replay)).toBe(whole);
    if (canTry) {
      await replay.showTokenBefore(4);
      await replay.forkButton.click();
    } else await expect(replay.forkButton).toHaveCount(0);
    await expect(alone.page.getByRole("alert")).toContainText("The model in this page is damaged");
    await alone.page.context().close();
  }
});

test("a page without a model cannot continue a run", async ({ page, browser }) => {
  const site = new Instrument(page);
  await site.open({ ...SAMPLED, prompt: "Once upon a time", max_new_tokens: 8 });
  await site.run.click();
  await site.finished();
  const file = test.info().outputPath("without.html");
  await (await site.save(/^Standalone page ·/)).saveAs(file);
  expect(readFileSync(file).length).toBeLessThan(1_400_000);
  expect(readFileSync(file, "utf8").slice(0, 2000)).not.toContain("wasm-unsafe-eval");
  const alone = await openFile(browser, file);
  const replay = new Instrument(alone.page);
  await replay.finished();
  await expect(replay.forkButton).toHaveCount(0);
  await expect(alone.page.getByRole("button", { name: "Continue", exact: true })).toHaveCount(0);
  expect(await alone.problems()).toEqual([]);
  await alone.page.context().close();
});

test("a model that the site does not have is not offered", async ({ page }) => {
  await page.route("**/models/index.json", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replaceAll("browser:mav-tiny", "browser:another");
    await route.fulfill({ response, body });
  });
  const site = new Instrument(page);
  await site.open({ ...SAMPLED, prompt: "Once", max_new_tokens: 4 });
  await site.run.click();
  await site.finished();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("menuitem", { name: /^Standalone page ·/ })).toBeVisible();
  await site.idle();
  await expect(page.getByRole("menuitem", { name: ITEM })).toHaveCount(0);
});
