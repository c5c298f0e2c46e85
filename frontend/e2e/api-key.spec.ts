import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { Instrument } from "./instrument";
import { returnTo, type Started, serveMav } from "./servers";

const keys = (file: string, ...words: string[]): string =>
  execFileSync("../.venv/bin/mav", ["keys", ...words, "--file", file], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();

let folder: string;
let file: string;
let server: Started;

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mav-keys-"));
  file = join(folder, "keys.json");
  server = await serveMav([], { MAV_REQUIRE_KEY: "1", MAV_KEYS_FILE: file });
});
test.beforeEach(({ page }) => returnTo(page));
test.afterAll(async () => {
  server.stop();
  await rm(folder, { recursive: true });
});

test("a server that requires a key is asked with the one that the visitor enters", async ({
  page,
}) => {
  const key = keys(file, "add", "visitor");
  const site = new Instrument(page);
  await page.goto(server.url);
  const alert = page.getByRole("alert").filter({ hasText: "requires an API key" });
  await expect(alert).toContainText("It stays in this browser");

  await alert.getByLabel("API key").fill("two words");
  await alert.getByRole("button", { name: "Use this key" }).click();
  await expect(alert).toContainText("no spaces");
  await alert.getByLabel("API key").fill("mav_another");
  await alert.getByRole("button", { name: "Use this key" }).click();
  await expect(alert).toContainText("did not accept the key");

  await alert.getByLabel("API key").fill(` ${key} `);
  await alert.getByLabel("API key").press("Enter");
  await expect(alert).toBeHidden();
  await page.goto(`${server.url}/?prompt=Once&max_new_tokens=4&min_new_tokens=4&seed=7`);
  await site.run.click();
  await site.finished();
  await expect(alert).toBeHidden();

  keys(file, "revoke", "visitor");
  await page.reload();
  await expect(alert).toContainText("did not accept the key");
  await alert.getByRole("button", { name: "Forget the key" }).click();
  await expect(alert).toContainText("It stays in this browser");
});

test("a key that does not allow runs is said to be the wrong one", async ({ page }) => {
  const key = keys(file, "add", "reader", "--scope", "models");
  await page.addInitScript((given) => localStorage.setItem("mav-key", given), key);
  const site = new Instrument(page);
  await page.goto(`${server.url}/?prompt=Once&max_new_tokens=4&min_new_tokens=4&seed=7`);
  await site.run.click();
  const alert = page.getByRole("alert").filter({ hasText: "requires an API key" });
  await expect(alert).toContainText("Your key does not allow this");
});
