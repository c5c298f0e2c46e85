import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { freePort } from "../playwright.config";
import { Instrument, STORY } from "./instrument";

const example =
  /```tsx\n(.*?)```/s.exec(readFileSync(resolve("../docs/panels.md"), "utf8"))?.[1] ?? "";

/** A copy of the site's sources inside its folder, where node_modules is still found. */
const SITE = resolve("test-results-custom");
const LEFT_OUT = /^(node_modules|\.next|out|test-results.*|package-lock\.json|e2e)$/;

let server: ChildProcess;
let origin: string;

test.describe("a site that was built with the panel of the documentation", () => {
  test.describe.configure({ mode: "serial" });

  test.beforeAll(async () => {
    test.setTimeout(900_000);
    rmSync(SITE, { recursive: true, force: true });
    mkdirSync(`${SITE}/mine`, { recursive: true });
    symlinkSync("../node_modules", `${SITE}/node_modules`);
    for (const name of readdirSync(".").filter((name) => !LEFT_OUT.test(name))) {
      cpSync(name, `${SITE}/${name}`, { recursive: true });
    }
    writeFileSync(`${SITE}/mine/surprise.tsx`, example);
    writeFileSync(
      `${SITE}/mine/wild.tsx`,
      example
        .replaceAll("surprise", "wild")
        .replaceAll("Surprise", "Wild")
        .replace("  return (", '  if (frame.index >= 0) throw new Error("went wild");\n  return ('),
    );
    writeFileSync(`${SITE}/mine/broken.tsx`, 'throw new Error("never loads");\nexport {};\n');
    const env = { ...process.env, MAV_PANELS_DIR: `${SITE}/mine`, NEXT_TELEMETRY_DISABLED: "1" };
    // The worker and the models are those of the site, which have been copied with `public`.
    execFileSync("node", ["scripts/list-panels.mjs"], { cwd: SITE, env, stdio: "inherit" });
    const build = ["run", "build", "--ignore-scripts"];
    execFileSync("npm", build, { cwd: SITE, env, stdio: "inherit" });
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const [command = "", ...given] = (process.env.E2E_MAV ?? "../.venv/bin/mav").split(" ");
    server = spawn(command, [...given, "serve", "--port", String(port)], {
      env: { ...process.env, MAV_SITE_DIR: `${SITE}/out` },
      stdio: "ignore",
    });
    await expect(async () => {
      expect((await fetch(`${origin}/api/models`)).ok).toBe(true);
    }).toPass({ timeout: 180_000 });
  });

  test.afterAll(() => {
    server?.kill("SIGTERM");
    rmSync(SITE, { recursive: true, force: true });
  });

  test("it is listed, opens and shows the run; broken files affect no other panel", async ({
    page,
  }) => {
    const site = new Instrument(page);
    await page.goto(`${origin}/?prompt=${STORY}&max_new_tokens=6`);
    await page.getByRole("button", { name: "Panels", exact: true }).click();
    await expect(page.getByText("broken.tsx does not define a panel")).toBeVisible();
    await expect(page.getByText("never loads")).toBeVisible();
    await page.getByRole("switch", { name: "Surprise" }).click();
    await page.getByRole("switch", { name: "Wild" }).click();
    await page.getByRole("button", { name: "Close" }).click();
    await site.run.click();
    await site.finished();
    await expect(site.panel("Surprise")).toContainText(/\d\.\d\d nats:/);
    await expect(site.panel("Wild").getByRole("alert")).toContainText("went wild");
    await expect(site.panel("Output distribution")).toContainText("nats of entropy");
    await page.reload();
    await expect(site.panel("Surprise")).toContainText("Run a text");
  });
});
