import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, TEXT_AND_PREDICTIONS, TEXT_ONLY } from "./instrument";

const GPT2 = "../tests/goldens/engine/gpt2-f16";

/** Writes the folder of a small GPT-2 with a tokenizer of single bytes; returns its path. */
function modelFolder(name = "small-gpt2"): string {
  const folder = test.info().outputPath(name);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(GPT2)) cpSync(`${GPT2}/${file}`, `${folder}/${file}`);
  writeFileSync(`${folder}/tokenizer.json`, JSON.stringify(byteTokenizer()));
  writeFileSync(`${folder}/README.md`, "Not used.");
  return folder;
}

/** A byte-level BPE tokenizer without merges: 99 letters. */
function byteTokenizer() {
  const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
  const letters = [...printable, ..."ĠĊ¡¢£"];
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { ...byteLevel, use_regex: true },
    post_processor: null,
    decoder: { ...byteLevel, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(letters.map((letter, id) => [letter, id])),
      merges: [],
    },
  };
}

/** Drops files or folders on the page, as from a file manager. */
async function drop(page: Page, ...files: string[]): Promise<void> {
  const browser = await page.context().newCDPSession(page);
  const data = { items: [], files, dragOperationsMask: 1 };
  const send = (type: "dragEnter" | "dragOver" | "drop") =>
    browser.send("Input.dispatchDragEvent", { type, x: 600, y: 500, data });
  const overlay = page.getByText("Or the folder of a model");
  // A browser sends the first two as long as something is dragged, and drops only what the page has
  // accepted by then.
  await expect(async () => {
    await send("dragEnter");
    await send("dragOver");
    await expect(overlay).toBeVisible({ timeout: 500 });
    await send("drop");
    await expect(overlay).toBeHidden({ timeout: 2_000 });
  }).toPass();
}

const models = (page: Page) => page.getByLabel("Model", { exact: true });

test("a folder with a model can be dropped on the page and run", async ({ page }) => {
  const site = new Instrument(page);
  const uploads: string[] = [];
  page.on("request", (request) => request.method() !== "GET" && uploads.push(request.url()));
  await site.open({
    ...TEXT_AND_PREDICTIONS,
    prompt: "Once upon",
    seed: 3,
    max_new_tokens: 12,
    min_new_tokens: 12,
  });
  await drop(page, modelFolder());
  await expect(models(page)).toHaveValue("browser:small-gpt2");
  await expect(models(page).locator("option:checked")).toHaveText(
    "small-gpt2 · your files, not uploaded · in your browser",
  );
  await expect(page.locator("#model-help")).toContainText(/layers .* in your browser/);
  await site.run.click();
  await site.finished();
  await expect(site.tokens).toHaveCount("Once upon".length + 12);
  const text = await site.tokens.allTextContents();
  await site.showTokenBefore(3);
  await site.forkButton.click();
  await expect.poll(() => site.tokens.allTextContents()).not.toEqual(text);
  await site.finished();

  // The same folder again replaces it; a reload forgets it.
  await drop(page, modelFolder());
  await expect(models(page).locator("option", { hasText: "not uploaded" })).toHaveCount(1);
  expect(uploads).toEqual([]);
  await page.reload();
  await expect(page.locator("#model-help")).toContainText("This model is not here");
  await site.run.click();
  await expect(site.alert).toContainText("There is no model browser:small-gpt2 on this site");
  await drop(page, modelFolder());
  await expect(models(page)).toHaveValue("browser:small-gpt2");
  await site.run.click();
  await site.finished();
  await expect(site.tokens).toHaveText(text);
});

test("the files of a model can be dropped without their folder", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: "Once upon", seed: 3, max_new_tokens: 4 });
  const folder = modelFolder();
  await drop(page, ...readdirSync(folder).map((name) => `${folder}/${name}`));
  await expect(models(page)).toHaveValue("browser:own-model");
  await site.run.click();
  await site.finished();
});

test("a model that cannot run is refused with the reason, and the page stays usable", async ({
  page,
}) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: "Once upon", seed: 3, max_new_tokens: 4 });
  const before = await models(page).locator("option").allTextContents();
  const changed = (name: string, change: (folder: string) => void): string => {
    const folder = modelFolder(name);
    change(folder);
    return folder;
  };
  const config = JSON.parse(readFileSync(`${GPT2}/config.json`, "utf8"));
  const weights = readFileSync(`${GPT2}/model.safetensors`);
  const empty = test.info().outputPath("empty");
  mkdirSync(empty);
  const cases: readonly (readonly [string, RegExp])[] = [
    [empty, /missing: config.json, model.safetensors and tokenizer.json/],
    [GPT2, /These files are missing: tokenizer.json\./],
    [
      changed("other", (folder) =>
        writeFileSync(`${folder}/config.json`, JSON.stringify({ ...config, model_type: "bert" })),
      ),
      /its model_type is bert, not llama, mistral or gpt2/,
    ],
    [
      changed("short", (folder) =>
        writeFileSync(`${folder}/model.safetensors`, weights.subarray(0, weights.length / 2)),
      ),
      /weights are cut off/,
    ],
    [
      changed("broken", (folder) => writeFileSync(`${folder}/config.json`, "{")),
      /config.json is not valid JSON/,
    ],
    [
      changed("words", (folder) => {
        const tokenizer = { ...byteTokenizer(), model: { type: "WordPiece", vocab: {} } };
        writeFileSync(`${folder}/tokenizer.json`, JSON.stringify(tokenizer));
      }),
      /WordPiece/,
    ],
  ];
  for (const [folder, message] of cases) {
    await drop(page, realpathSync(folder));
    await expect(site.alert).toContainText(message);
    await site.alert.getByRole("button", { name: "Dismiss" }).click();
    await expect(site.alert).toHaveCount(0);
  }
  expect(await models(page).locator("option").allTextContents()).toEqual(before);
  await site.run.click();
  await site.finished();
});

test("several recordings dropped together open the first", async ({ page }) => {
  const site = new Instrument(page);
  await site.open(TEXT_ONLY);
  const recordings = "../tests/recordings";
  const names = ["mav-tiny.jsonl", "mav-tiny-deep.jsonl"];
  await drop(page, ...names.map((name) => realpathSync(`${recordings}/${name}`)));
  await site.finished();
  await expect(site.status).toContainText("mav-tiny.jsonl");
});

test("the files of a model can be opened by keyboard", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...TEXT_ONLY, prompt: "Once", max_new_tokens: 4 });
  const folder = modelFolder();
  await page.getByRole("button", { name: "Save", exact: true }).focus();
  await page.keyboard.press("Enter");
  const item = page.getByRole("menuitem", { name: "Open the files of a model" });
  await expect(item).toBeVisible();
  const chooser = page.waitForEvent("filechooser");
  await expect(async () => {
    await page.keyboard.press("ArrowDown");
    await expect(item).toBeFocused({ timeout: 200 });
  }).toPass();
  await page.keyboard.press("Enter");
  const files = ["config.json", "model.safetensors", "tokenizer.json"];
  await (await chooser).setFiles(files.map((name) => `${folder}/${name}`));
  await expect(models(page)).toHaveValue(/^browser:own-model/);
  await site.run.click();
  await site.finished();
});
