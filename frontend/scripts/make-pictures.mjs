/**
 * Makes the pictures of the README and of docs/ from runs of the embedded model on the built site
 * (`make pictures`). The frames of the animation are written to a folder; scripts/join-frames.py
 * joins them.
 */
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { chromiumPath } from "./chromium-path.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const IMAGES = join(ROOT, "docs/images");
const JOIN_FRAMES = join(ROOT, "frontend/scripts/join-frames.py");
const PYTHON = process.env.PYTHON ?? join(ROOT, ".venv/bin/python");
const PROMPT = "Once upon a time, there was a little fox who";
const SETTINGS = { prompt: PROMPT, temperature: 0.8, seed: 11, max_new_tokens: 64 };
const TOKENS = 22;
const BRANCH_AT = 10;
const TOKENS_OF_BRANCH = 12;
const STILL_AT = 40;
const STEP_MS = 140;

/** Starts `mav serve` on a free port. Returns its address and a function that stops it. */
async function serve() {
  const server = spawn(PYTHON, ["-m", "mav_engine", "serve", "--port", "0"], { cwd: ROOT });
  const origin = await new Promise((resolve, reject) => {
    server.on("exit", () => reject(new Error("mav serve ended before it printed its address")));
    for (const stream of [server.stdout, server.stderr]) {
      stream.on("data", (text) => {
        const found = /http:\/\/[\w.]+:\d+/.exec(String(text));
        if (found) resolve(found[0]);
      });
    }
  });
  return { origin, stop: () => server.kill("SIGTERM") };
}

async function open(browser, origin, settings, options) {
  const page = await browser.newPage({ colorScheme: "light", reducedMotion: "reduce", ...options });
  page.setDefaultTimeout(120_000);
  await page.goto(`${origin}/?${new URLSearchParams({ lang: "en", ...SETTINGS, ...settings })}`);
  // On a phone it is in the folded settings.
  const model = page.getByText(/5\.87M parameters · 6 layers/).first();
  await model.waitFor({ state: "attached" });
  const decline = page.getByRole("button", { name: "No, thanks" });
  if (await decline.isVisible()) await decline.click();
  await page.evaluate(() => document.fonts.ready);
  return page;
}

const generated = (page) => page.getByRole("listbox").getByRole("option");
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const phase = (page, name) => page.getByText(name, { exact: true }).first().waitFor();

/** Starts a run that pauses after its first token, as the page's Step button does. */
async function pausedAtFirstToken(page, start) {
  await page.route("**/api/run", (route) => {
    const body = route.request().postDataJSON();
    const after = (body.forced_ids?.length ?? 0) + 1;
    return route.continue({ postData: JSON.stringify({ ...body, breakpoints: { after } }) });
  });
  await start();
  await phase(page, "Paused");
  await page.unroute("**/api/run");
}

/** Draws a pointer, which screenshots leave out, in the middle of an element. */
async function pointAt(page, target) {
  const { x, y, width, height } = await target.boundingBox();
  await page.evaluate(
    ([left, top]) => {
      const pointer = document.createElement("div");
      pointer.id = "pointer";
      pointer.style.cssText = `position: fixed; z-index: 99; left: ${left}px; top: ${top}px`;
      pointer.innerHTML =
        '<svg width="22" height="30" viewBox="0 0 11 15"><path d="M1 1v11l3-2 2 4 2-1-2-4h4z"/></svg>';
      pointer.firstElementChild.style.cssText = "fill: black; stroke: white; stroke-width: 0.8";
      document.body.append(pointer);
    },
    [x + Math.min(width / 2, 40), y + height / 2],
  );
}

const hidePointer = (page) => page.evaluate(() => document.getElementById("pointer")?.remove());

/**
 * Takes the frames of the animation: a run token by token, an earlier token, and a branch. Returns
 * their folder.
 */
async function movingPicture(browser, origin) {
  const folder = mkdtempSync(join(tmpdir(), "mav-frames-"));
  const page = await open(browser, origin, {}, { viewport: { width: 1280, height: 800 } });
  const durations = [];
  const frame = async (ms) => {
    await page.mouse.move(640, 1);
    const name = `${String(durations.length).padStart(3, "0")}.png`;
    await page.screenshot({ path: join(folder, name) });
    durations.push(ms);
  };
  const click = async (target, ms) => {
    await pointAt(page, target);
    await frame(ms);
    await target.click();
    await hidePointer(page);
  };
  const step = async () => {
    const before = await generated(page).count();
    await press(page, "Step");
    await generated(page).nth(before).waitFor();
    await phase(page, "Paused");
    await frame(STEP_MS);
  };

  await frame(600);
  const run = page.getByRole("button", { name: "Run", exact: true });
  await pausedAtFirstToken(page, () => click(run, 700));
  await frame(STEP_MS);
  const first = (await generated(page).count()) - 1;
  for (let count = 1; count < TOKENS; count++) await step();
  await frame(700);
  await click(generated(page).nth(first + BRANCH_AT), 900);
  await frame(1300);
  const other = page.getByRole("button", { name: /^Continue with .* instead$/ }).nth(1);
  await pausedAtFirstToken(page, () => click(other, 900));
  await page.evaluate(() => window.scrollTo(0, 0));
  await frame(900);
  for (let count = 1; count < TOKENS_OF_BRANCH; count++) await step();
  await frame(1500);
  writeFileSync(join(folder, "durations.json"), JSON.stringify(durations));
  return folder;
}

/** Takes a picture of a finished run at one of its tokens. */
async function still(browser, origin, name, settings, options) {
  const page = await open(browser, origin, settings, options);
  const before = await generated(page).count();
  await press(page, "Run");
  await phase(page, "Done");
  await generated(page)
    .nth(before + STILL_AT)
    .click();
  // On a phone the run is below the form.
  const status = page.getByRole("region", { name: "Status of the run" });
  if (options.viewport.width < 640) await status.evaluate((region) => region.scrollIntoView());
  else await page.evaluate(() => window.scrollTo(0, 0));
  await page.mouse.move(options.viewport.width / 2, 1);
  await page.screenshot({ path: join(IMAGES, name) });
  await page.close();
}

async function training(browser, origin, name) {
  const options = { viewport: { width: 1280, height: 860 }, deviceScaleFactor: 1.5 };
  const page = await open(browser, origin, { prompt: "", training: "example" }, options);
  const snapshots = page.getByRole("listbox", { name: "What the model wrote at each snapshot" });
  await snapshots
    .getByRole("option")
    .filter({ hasText: /^40\b|^40\d\.\d/ })
    .first()
    .click();
  await generated(page).last().waitFor();
  await page.mouse.move(640, 1);
  await page.screenshot({ path: join(IMAGES, name) });
  await page.close();
}

/** Copies pictures that `mav explore` draws. */
function explored() {
  const folder = mkdtempSync(join(tmpdir(), "mav-explore-"));
  const command = ["explore", "--prompt", "Once upon a time, a little dog", "--attn_every", "10"];
  execFileSync(PYTHON, ["-m", "mav_engine", ...command, "--outdir", folder], { cwd: ROOT });
  copyFileSync(join(folder, "attn_step_10.png"), join(IMAGES, "explore-attention.png"));
  copyFileSync(join(folder, "probs_step_10.png"), join(IMAGES, "explore-probabilities.png"));
  rmSync(folder, { recursive: true });
}

const server = await serve();
const browser = await chromium.launch({
  ...(chromiumPath && { executablePath: chromiumPath }),
  args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"],
});
const laptop = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 };
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
const deeper = { panels: "generated-text.layer-tiles.logit-lens" };
try {
  const frames = await movingPicture(browser, server.origin);
  execFileSync(PYTHON, [JOIN_FRAMES, frames, join(IMAGES, "mav.webp")], { stdio: "inherit" });
  rmSync(frames, { recursive: true });
  await still(browser, server.origin, "phone-light.png", {}, phone);
  await still(browser, server.origin, "laptop-dark.png", deeper, {
    ...laptop,
    colorScheme: "dark",
  });
  await training(browser, server.origin, "training-light.png");
  explored();
} finally {
  await browser.close();
  server.stop();
}
