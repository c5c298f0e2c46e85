import { brotliCompressSync, constants } from "node:zlib";
import { expect, type Page, type Route } from "@playwright/test";
import { test } from "./fixtures";
import { Instrument, STORY, TEXT_AND_PREDICTIONS } from "./instrument";
import { returnTo, type Started, serveStatic } from "./servers";

const MODEL = "browser:mav-tiny";
const WEIGHTS = "**/models/mav-tiny/model.safetensors";
const SAMPLED = {
  ...TEXT_AND_PREDICTIONS,
  prompt: STORY,
  temperature: 0.9,
  seed: 7,
  max_new_tokens: 60,
};

const textOf = ({ page }: Instrument): Promise<string | null> =>
  page.getByRole("listbox").evaluate((list) => list.textContent);

/** Counts the requests that a page sends to a path. */
function counted(page: Page, part: string): () => number {
  let count = 0;
  page.on("request", (request) => {
    if (request.url().includes(part)) count++;
  });
  return () => count;
}

declare global {
  interface Window {
    /** Puts the page into the background, or shows it again. */
    setHidden: (hidden: boolean) => void;
    runsEnded: number;
  }
}

/** Of the engine and the worker that an ordinary run loads, compressed with Brotli, in bytes. */
const BUDGET = 25_000;

test("an ordinary run loads at most 25 KB of the engine; parts follow when a run needs them", async ({
  page,
  request,
}) => {
  const site = new Instrument(page);
  const loaded = new Set<string>();
  page.context().on("request", (each) => {
    const { pathname } = new URL(each.url());
    if (/^\/local\/.*\.(js|wasm)$/.test(pathname)) loaded.add(pathname);
  });
  await site.open({ prompt: STORY, model: MODEL, max_new_tokens: 4, temperature: 0.8 });
  await site.run.click();
  await site.finished();
  expect([...loaded].sort()).toEqual(["/local/engine.wasm", "/local/worker.js"]);
  const sizes = [...loaded].map(async (path) => {
    const body = await (await request.get(path)).body();
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
    return brotliCompressSync(body, { params }).length;
  });
  const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  console.log(`  engine and worker: ${total} bytes`);
  expect(total).toBeLessThanOrEqual(BUDGET);

  await site.open({ prompt: STORY, model: MODEL, max_new_tokens: 4, stop: '["xyz"]', top_p: 0.9 });
  await site.run.click();
  await site.finished();
  const parts = [...loaded].map((path) => path.replace(/-[\w-]{8}\.js$/, ""));
  expect(parts.sort().slice(0, 2)).toEqual(["/local/controls", "/local/engine.wasm"]);
  expect(parts).toContain("/local/matchers");
});

test("the same seed writes the same text in the browser and on the server", async ({ page }) => {
  const site = new Instrument(page);
  const runs = counted(page, "/api/run");
  await site.open({ ...SAMPLED, model: MODEL });
  await expect(page.locator("#model-help")).toContainText("in your browser");
  await site.run.click();
  await site.finished();
  expect(runs()).toBe(0);
  const own = await textOf(site);
  await page.getByLabel("Model", { exact: true }).selectOption("mav-tiny");
  await expect(page.locator("#model-help")).toContainText("on the server");
  // The status and the text of the run before are there until this one has begun.
  const answer = page.waitForResponse("**/api/run");
  await site.run.click();
  await (await answer).finished();
  await site.finished();
  await expect.poll(() => textOf(site)).toBe(own);
  expect(runs()).toBe(1);
});

test("a run in the browser can be forked, paused and stopped", async ({ page }) => {
  const site = new Instrument(page);
  // Tokens appear at a speed at which one can stop.
  await page.addInitScript(() => localStorage.removeItem("mav-pace"));
  await site.open({ ...SAMPLED, model: MODEL, max_new_tokens: 400 });
  await site.run.click();
  await expect(site.tokens.nth(5)).toBeVisible();
  await site.stop.click();
  await expect(site.status).toContainText("Stopped");
  const count = await site.tokens.count();
  expect(count).toBeLessThan(400);
  // No token follows.
  await site.idle();
  expect(await site.tokens.count()).toBe(count);
  await site.showTokenBefore(4);
  await site.forkButton.click();
  await expect(site.status).toContainText("Writing");
});

/** A browser that gives the engine no memory. */
const WITHOUT_MEMORY = `{
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...given) => {
    const { exports } = await instantiate(...given);
    return { exports: { ...exports, allocate: () => 0 } };
  };
}`;

test("one error names what is wrong, and the page stays usable", async ({ page }) => {
  const site = new Instrument(page);
  const faults: readonly (readonly [string, (route: Route) => Promise<void>, RegExp])[] = [
    [WEIGHTS, (route) => route.abort(), /broke off after 0 of 11743600 bytes/],
    [WEIGHTS, (route) => route.fulfill({ body: "short" }), /broke off after 5 of 11743600 bytes/],
    [
      WEIGHTS,
      async (route) => {
        const body = await (await route.fetch()).body();
        body[500_000] = (body[500_000] ?? 0) ^ 1;
        await route.fulfill({ body });
      },
      /model.safetensors is damaged: its digest/,
    ],
    ["**/local/worker.js", (route) => route.abort(), /could not be loaded/],
    ["**/local/engine.wasm", (route) => route.fulfill({ status: 404 }), /engine.wasm.*status 404/],
    [
      "**/local/worker.js",
      async (route) => {
        const response = await route.fetch();
        const code = await response.text();
        await route.fulfill({ response, body: `WebAssembly.validate = () => false;${code}` });
      },
      /no WebAssembly with SIMD/,
    ],
    [
      "**/local/worker.js",
      async (route) => {
        const response = await route.fetch();
        const code = await response.text();
        await route.fulfill({ response, body: `${WITHOUT_MEMORY}${code}` });
      },
      /too little memory.*Close other tabs/,
    ],
  ];
  for (const [path, answer, message] of faults) {
    await page.route(path, answer);
    await site.open({ ...SAMPLED, model: MODEL });
    await site.run.click();
    await expect(site.alert).toContainText(message);
    await page.unroute(path);
  }
  await site.open({ ...SAMPLED, model: MODEL });
  await site.run.click();
  await site.finished();
  await expect(site.alert).toHaveCount(0);
});

test("a run goes on while its tab is in the background", async ({ page }) => {
  const site = new Instrument(page);
  // What a browser does with a page that is not shown: no frames, and timers once a second.
  await page.addInitScript(() => {
    const { requestAnimationFrame: frame, setTimeout: timer } = window;
    const waiting: FrameRequestCallback[] = [];
    let isHidden = false;
    Object.defineProperty(document, "visibilityState", {
      get: () => (isHidden ? "hidden" : "visible"),
    });
    Object.defineProperty(document, "hidden", { get: () => isHidden });
    window.requestAnimationFrame = (callback) =>
      isHidden ? waiting.push(callback) : frame(callback);
    window.setTimeout = ((handler: TimerHandler, ms = 0, ...rest: unknown[]) =>
      timer(handler, isHidden ? Math.max(1000, ms) : ms, ...rest)) as typeof setTimeout;
    window.runsEnded = 0;
    window.Worker = class extends Worker {
      constructor(address: string | URL, options?: WorkerOptions) {
        super(address, options);
        this.addEventListener("message", ({ data }) => {
          if (data.type === "event" && JSON.parse(data.line).type === "done") window.runsEnded++;
        });
      }
    };
    window.setHidden = (hidden) => {
      isHidden = hidden;
      document.dispatchEvent(new Event("visibilitychange"));
      if (!hidden) for (const callback of waiting.splice(0)) frame(callback);
    };
  });
  await site.open({ ...SAMPLED, model: MODEL });
  await site.run.evaluate((button: HTMLButtonElement) => {
    window.setHidden(true);
    button.click();
  });
  await expect.poll(() => page.evaluate(() => window.runsEnded)).toBe(1);
  await page.evaluate(() => window.setHidden(false));
  await site.finished();
  await expect(site.status).toContainText("60/60");
  await expect(site.alert).toHaveCount(0);
});

test("a model that is too large is refused before it is downloaded", async ({ page }) => {
  const site = new Instrument(page);
  const downloads = counted(page, "model.safetensors");
  await page.route("**/models/index.json", async (route) => {
    const list = await (await route.fetch()).json();
    for (const model of list.models) model.parameters = 354_823_168;
    await route.fulfill({ json: list });
  });
  await site.open({ ...SAMPLED, model: MODEL });
  await site.run.click();
  await expect(site.alert).toContainText("355 million parameters");
  await expect(site.alert).toContainText("0.7 GB of memory");
  expect(downloads()).toBe(0);
});

test("a setting that only a server supports is named at its field", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...SAMPLED, model: MODEL, breakpoints: '{"pattern":"a+"}' });
  await site.run.click();
  await expect(site.alert).toContainText("use breakpoints.text");
  await expect(page.getByLabel("Pattern")).toHaveAttribute("aria-invalid", "true");
});

test("errors of the engine are in the language of the page", async ({ page }) => {
  const site = new Instrument(page, "de");
  await page.route(WEIGHTS, (route) => route.abort());
  await site.open({ ...SAMPLED, model: MODEL });
  await site.run.click();
  await expect(site.alert).toContainText("Das Modell konnte nicht geladen werden");
  await expect(site.alert).toContainText("ist nach 0 von 11743600 Bytes abgebrochen");
  await expect(site.alert).not.toContainText("auf Englisch");
  await expect(site.alert.locator("[lang=en]")).toHaveCount(0);
});

test("a part of the engine that cannot be loaded is named, and the next run loads it", async ({
  page,
}) => {
  const site = new Instrument(page);
  const parts = "**/local/controls-*.js";
  await page.route(parts, (route) => route.abort());
  await site.open({ ...SAMPLED, model: MODEL, top_p: 0.9 });
  await site.run.click();
  await expect(site.alert).toContainText("The engine in the browser stopped");
  await expect(site.alert).toContainText("Check that you are online");
  await page.unroute(parts);
  await site.alert.getByRole("button", { name: "Try again" }).click();
  await site.finished();
  await expect(site.alert).toHaveCount(0);
});

test("a run that the server cannot start is offered in the browser", async ({ page }) => {
  const site = new Instrument(page);
  await page.route("**/api/run", (route) => route.abort());
  await site.open(SAMPLED);
  await site.run.click();
  await expect(site.alert).toContainText("The server cannot be reached");
  await site.alert.getByRole("button", { name: "Run in this browser" }).click();
  await site.finished();
  await expect(site.alert).toHaveCount(0);
  expect(new URL(page.url()).searchParams.get("model")).toBe(MODEL);
});

test.describe("static files without a server", () => {
  let site: Started;

  test.beforeAll(async () => {
    site = await serveStatic(test.info().outputPath("static"));
  });

  test.afterAll(() => site.stop());

  test("the model of the browser is offered at once, and runs offline", async ({
    page,
    context,
  }) => {
    await returnTo(page);
    const instrument = new Instrument(page);
    const downloads = counted(page, "model.safetensors");
    await page.goto(`${site.url}?panels=generated-text&prompt=Once+upon+a+time`);
    await expect(page.getByLabel("Model", { exact: true })).toHaveValue(MODEL);
    await expect(instrument.alert).toHaveCount(0);
    await instrument.run.click();
    await instrument.finished();
    const text = await textOf(instrument);
    expect(text).toContain("Lily");
    // The weights are kept for the next visit.
    await page.reload();
    await instrument.run.click();
    await instrument.finished();
    expect(await textOf(instrument)).toBe(text);
    expect(downloads()).toBe(1);
    await context.setOffline(true);
    await instrument.prompt.fill("The little dog");
    await instrument.run.click();
    await expect(instrument.panel("Generated text")).toContainText(/The.little.dog/);
    await instrument.finished();
  });

  test("the first recording is forked in the browser", async ({ page }) => {
    await page.addInitScript(() => localStorage.setItem("mav-pace", "computed"));
    await page.goto(site.url);
    const instrument = new Instrument(page);
    const panel = instrument.panel("Generated text");
    await panel.getByRole("button", { name: "Continue with ␣push instead" }).click();
    await expect(panel).toContainText(/tried.to.push/);
    await instrument.finished();
    await expect(instrument.status).toContainText("64/64");
  });

  test("a conversation is held in the browser", async ({ page }) => {
    await page.goto(`${site.url}?view=chat`);
    await page.getByRole("textbox", { name: "Message", exact: true }).fill("Who is Lily?");
    await page.keyboard.press("Enter");
    await expect(
      page
        .getByRole("list", { name: "Messages of the conversation" })
        .locator(":scope > li")
        .last(),
    ).toContainText(/\w{3}/);
    await expect(page.getByRole("alert").filter({ has: page.getByRole("button") })).toHaveCount(0);
  });

  test("two pages run at the same time", async ({ page, context }) => {
    const pages = [page, await context.newPage()];
    const texts = await Promise.all(
      pages.map(async (each) => {
        await returnTo(each);
        const instrument = new Instrument(each);
        await each.goto(`${site.url}?panels=generated-text&prompt=Once+upon+a+time`);
        await instrument.run.click();
        await instrument.finished();
        return textOf(instrument);
      }),
    );
    expect(texts[0]).toBe(texts[1]);
  });
});
