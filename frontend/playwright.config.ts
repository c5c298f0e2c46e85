import { createServer } from "node:net";
import { defineConfig } from "@playwright/test";
import { chromiumPath } from "./scripts/chromium-path.mjs";

/** Each worker has a server of its own; on a shared one, the runs of two tests would queue. */
const WORKERS = 2;
/** Chosen once and inherited by the workers, which evaluate this file again. */
process.env.E2E_PORTS ??= String(await Promise.all(Array.from({ length: WORKERS }, freePort)));
/** A site that is served already, instead of servers of these tests. */
const served = process.env.E2E_ORIGIN;
const servers = process.env.E2E_PORTS.split(",").map((port) => `http://127.0.0.1:${port}`);
const own = Number(process.env.TEST_PARALLEL_INDEX ?? 0) % servers.length;

/** What the browser of a returning visitor has stored. */
export const RETURNING = { "mav-recording": "closed", "mav-pace": "computed" };

export default defineConfig({
  testDir: "e2e",
  workers: WORKERS,
  fullyParallel: true,
  // On a machine that is busy; the reporter lists the tests that passed only when repeated.
  retries: 1,
  timeout: 180_000,
  expect: {
    timeout: 60_000,
    // A missing bar of a panel exceeds this ratio, a few differently rendered letters do not.
    toHaveScreenshot: { maxDiffPixelRatio: 0.005, animations: "disabled" },
  },
  // The same pictures on every machine, because the page brings its fonts.
  snapshotPathTemplate: "{testDir}/pictures/{arg}{ext}",
  forbidOnly: Boolean(process.env.CI),
  reporter: [["list"], ["./scripts/slowest-tests.mjs"]],
  projects: [
    { name: "site", testIgnore: "other-browsers.spec.ts" },
    // Firefox and WebKitGTK, which `make test-other-browsers` installs.
    { name: "others", testMatch: "other-browsers.spec.ts" },
    // Benchmarks only measure, and nothing may run beside them.
    { name: "bench", testMatch: "*.bench.ts", workers: 1 },
  ],
  use: {
    baseURL: served ?? (servers[own] as string),
    // An action that waits longer waits for what does not come; a test has up to 180 s.
    actionTimeout: 45_000,
    viewport: { width: 1280, height: 800 },
    permissions: ["clipboard-read", "clipboard-write"],
    // A visitor who has closed the recording of the first visit and sees runs at full speed.
    storageState: {
      cookies: [],
      origins: (served ? [served] : servers).map((origin) => ({
        origin,
        localStorage: Object.entries(RETURNING).map(([name, value]) => ({ name, value })),
      })),
    },
    // With `--trace on` every step is recorded, which takes longer than most steps.
    screenshot: "only-on-failure",
    launchOptions: {
      // Without one, Playwright uses its own.
      ...(chromiumPath && { executablePath: chromiumPath }),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  webServer: (served ? [] : servers).map((url) => ({
    command: `${process.env.E2E_MAV ?? "../.venv/bin/mav"} serve --port ${new URL(url).port}`,
    url: `${url}/api/models`,
    timeout: 180_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: "SIGTERM", timeout: 10_000 },
  })),
});

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
