import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, type Page } from "@playwright/test";
import { LANGUAGES } from "../lib/i18n/language";
import { freePort } from "../playwright.config";
import { expectNoViolations } from "./axe";
import { test } from "./fixtures";
import { Instrument, WORDS } from "./instrument";

const SHIPPED = gunzipSync(readFileSync("public/recordings/mav-tiny-training.jsonl.gz"));
const RECORDED = "../tests/recordings/training";
const WORDS_OF_TRAINING = WORDS.en.training;
const WORDS_OF_INSTRUMENT = WORDS.en.instrument;

/** The first line of each snapshot of the first prompt. */
const HEADS: readonly { step: number; prompt: number }[] = SHIPPED.toString()
  .split("\n")
  .filter((line) => line.startsWith('{"type":"training"'))
  .map((line) => JSON.parse(line))
  .filter(({ prompt }) => prompt === 0);

const axis = (page: Page, words = WORDS_OF_TRAINING) =>
  page.getByRole("slider", { name: words.slider, exact: true });
const rows = (page: Page, words = WORDS_OF_TRAINING) =>
  page.getByRole("listbox", { name: words.said }).getByRole("option");
const text = (page: Page) =>
  page.getByRole("listbox", { name: WORDS.en.generatedText.listLabel, exact: true });

test("the shipped training opens, and every panel follows the selected step", async ({ page }) => {
  // With reduced motion nothing plays automatically.
  await page.emulateMedia({ reducedMotion: "reduce" });
  const site = new Instrument(page);
  await site.open();
  await page.getByRole("button", { name: WORDS_OF_INSTRUMENT.trainings.example }).click();
  await expect(rows(page)).toHaveCount(HEADS.length);
  await expect(page).toHaveURL(/training=example/);
  await expect(rows(page).first()).toHaveAttribute("aria-selected", "true");
  const predictions = site.panel("Top predictions");
  const first = await predictions.innerText();

  await axis(page).focus();
  await page.keyboard.press("End");
  await expect(rows(page).last()).toHaveAttribute("aria-selected", "true");
  await expect(axis(page)).toHaveAttribute("aria-valuetext", new RegExp(`${HEADS.at(-1)?.step}`));
  await expect(text(page)).toContainText("there was a little");
  await expect(predictions).not.toHaveText(first);

  // The token stays when the step changes, and the step when the token does.
  await page.getByRole("slider", { name: WORDS.en.timeline.slider }).focus();
  await page.keyboard.press("Home");
  await expect.poll(() => site.shownStep()).toBe(0);
  await page.keyboard.press(",");
  await expect(rows(page).nth(-2)).toHaveAttribute("aria-selected", "true");
  await expect.poll(() => site.shownStep()).toBe(0);
  await rows(page).nth(3).click();
  await expect(axis(page)).toHaveAttribute("aria-valuenow", "3");

  // The mark under the token moves when the text changes.
  const chip = text(page).getByRole("option", { selected: true });
  const mark = text(page).locator("xpath=following-sibling::span");
  for (const key of ["End", "Home"]) {
    await page.getByRole("slider", { name: WORDS.en.timeline.slider }).focus();
    await page.keyboard.press("End");
    await axis(page).focus();
    await page.keyboard.press(key);
    const apart = async () => {
      const [under, over] = [await mark.boundingBox(), await chip.boundingBox()];
      return Math.abs((under?.x ?? 0) - (over?.x ?? 999));
    };
    await expect.poll(apart).toBeLessThan(3);
  }

  await page.getByLabel(WORDS_OF_TRAINING.whichPrompt).selectOption({ index: 1 });
  await expect(text(page)).toContainText("Lily was sad because");
});

test("it plays through its steps to the end", async ({ page }) => {
  await page.goto("/?training=example");
  await expect(rows(page)).toHaveCount(HEADS.length);
  await page.getByLabel(WORDS_OF_TRAINING.speed).selectOption("8");
  await axis(page).focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Space");
  await expect(rows(page).last()).toHaveAttribute("aria-selected", "false");
  await expect(rows(page).last()).toHaveAttribute("aria-selected", "true");
});

test("it is saved as a recording, and as a standalone page that plays it offline", async ({
  page,
  browser,
}) => {
  const site = new Instrument(page);
  await page.goto("/?training=example");
  await expect(rows(page)).toHaveCount(HEADS.length);
  const recording = await site.save(/^Training/);
  expect(readFileSync(await recording.path()).equals(SHIPPED)).toBe(true);

  const file = test.info().outputPath("training.html");
  await (await site.save(/^Standalone page ·/)).saveAs(file);
  const context = await browser.newContext({ offline: true });
  const alone = await context.newPage();
  await alone.goto(`file://${file}`);
  await expect(rows(alone)).toHaveCount(HEADS.length);
  await axis(alone).focus();
  await alone.keyboard.press("End");
  await expect(text(alone)).toContainText("there was a little");
  await context.close();
});

test("errors of a recording are reported, and its complete part can be used", async ({ page }) => {
  const site = new Instrument(page);
  await site.open();
  await site.openRecording(`${RECORDED}/broken/other-version.jsonl`);
  await expect(site.alert).toContainText("has another version");
  await site.openRecording(`${RECORDED}/broken/cut-in-a-look.jsonl`);
  await expect(site.alert).toContainText("incomplete");
  await expect(rows(page)).toHaveCount(1);
  await expect(text(page)).toContainText("Once");
  await site.openRecording(`${RECORDED}/mav-tiny-learns.jsonl`);
  await expect(rows(page)).toHaveCount(3);
  await expect(site.alert).toBeHidden();
});

for (const language of LANGUAGES) {
  test(`axe finds nothing, and nothing is wider than 360 pixels, ${language}`, async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.goto(`/?training=example&lang=${language}`);
    await expect(rows(page, WORDS[language].training)).toHaveCount(HEADS.length);
    // Colours do not depend on the language.
    await expectNoViolations(page, language === "en" ? {} : { themes: [] });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  });
}

for (const [way, streams] of [
  ["whose recording the server reads", false],
  ["that streams to the server", true],
] as const) {
  test(`a snapshot of a training ${way} arrives, also after the server was down`, async ({
    page,
  }) => {
    const recording = test.info().outputPath("training.jsonl");
    rmSync(recording, { force: true });
    const mav = (process.env.E2E_MAV ?? "../.venv/bin/mav").split(" ");
    const python = mav.length > 1 ? (mav[0] ?? "") : "../.venv/bin/python";
    const port = await freePort();
    const started: ChildProcess[] = [];
    const start = (command: string, args: readonly string[]) => {
      // On processors that other tests use, too, the threads of torch wait for each other.
      const env = { ...process.env, OMP_NUM_THREADS: "1" };
      const child = spawn(command, args, { stdio: ["pipe", "ignore", "inherit"], env });
      started.push(child);
      return child;
    };
    const serve = async () => {
      const [command = "", ...before] = mav;
      const args = ["serve", "--port", String(port), "--watch", recording];
      if (streams) args.push("--receive-training");
      const server = start(command, [...before, ...args]);
      const answers = () =>
        page.request.get(`http://127.0.0.1:${port}/api/health`).then(
          (answer) => answer.ok(),
          () => false,
        );
      await expect.poll(answers, { timeout: 120_000 }).toBe(true);
      return server;
    };
    try {
      const server = await serve();
      await page.goto(`http://127.0.0.1:${port}/?panels=generated-text`);
      await page.getByRole("button", { name: WORDS_OF_INSTRUMENT.trainings.live }).click();
      await expect(page.getByText(WORDS_OF_TRAINING.following.waiting)).toBeVisible();

      const training = start(python, [
        "e2e/small-training.py",
        streams ? `http://127.0.0.1:${port}` : recording,
      ]);
      await expect(rows(page)).toHaveCount(1);
      training.stdin?.write("\n");
      await expect(rows(page)).toHaveCount(2);
      await expect(rows(page).last()).toHaveAttribute("aria-selected", "true");
      await expect(rows(page).last()).toContainText("5");

      const exited = new Promise((resolve) => server.on("exit", resolve));
      server.kill("SIGKILL");
      await exited;
      await expect(page.getByText(WORDS_OF_TRAINING.following.lost)).toBeVisible();
      training.stdin?.write("\n");
      await serve();
      await expect(rows(page)).toHaveCount(3);
      // The newest snapshot is shown until another one is selected.
      await rows(page).first().click();
      training.stdin?.write("\n");
      await expect(rows(page)).toHaveCount(4);
      await expect(rows(page).first()).toHaveAttribute("aria-selected", "true");
      training.stdin?.end();
      await expect.poll(() => training.exitCode).toBe(0);
    } finally {
      for (const child of started) child.kill("SIGKILL");
    }
  });
}
