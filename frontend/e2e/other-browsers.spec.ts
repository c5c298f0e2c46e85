import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { expect, test } from "@playwright/test";
import { difference, type Fields, goldenRuns, idsOf } from "../local/golden-runs.fixture";
import { RETURNING } from "../playwright.config";
import { Instrument } from "./instrument";

/** Debian's browsers. Each opens the page and exits when it is killed. */
const BROWSERS = {
  Firefox: find("/usr/bin/firefox-esr"),
  WebKitGTK: readdir("/usr/lib").flatMap((folder) =>
    readdir(`/usr/lib/${folder}`)
      .filter((name) => name.startsWith("webkit2gtk-"))
      .map((name) => find(`/usr/lib/${folder}/${name}/MiniBrowser`)),
  )[0],
};
const GOLDEN = 14;

function find(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}

function readdir(path: string): string[] {
  return existsSync(path) && statSync(path).isDirectory() ? readdirSync(path) : [];
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
};

interface Result {
  readonly agent: string;
  readonly runs: readonly (readonly Fields[])[];
  readonly text: string;
  readonly errors: readonly string[];
}

/**
 * A page without a driver: it runs the golden runs in the worker, and the site in a frame, and sends
 * what came of it.
 */
const DRIVER = `<!doctype html><meta charset="utf-8"><title>driver</title><script type="module">
const errors = [];
addEventListener("error", (event) => errors.push(String(event.message)));
const until = async (found) => {
  for (;;) {
    const value = found();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const worker = new Worker("local/worker.js", { type: "module" });
const site = document.baseURI;
const runs = [];
for (const [run, settings] of (await (await fetch("driven.json")).json()).entries()) {
  runs.push(await new Promise((resolve, reject) => {
    const events = [];
    worker.onerror = reject;
    worker.onmessage = ({ data }) => {
      if (data.type !== "event") return;
      const event = JSON.parse(data.line);
      events.push(event);
      if (event.type === "done" || event.type === "error") resolve(events);
    };
    const request = { ...settings, model: "browser:mav-tiny" };
    worker.postMessage({ type: "run", run, request, site });
  }));
}
for (const [name, value] of Object.entries(${JSON.stringify(RETURNING)}))
  localStorage.setItem(name, value);
const frame = document.createElement("iframe");
frame.style = "width: 1280px; height: 900px";
frame.src = "index.html?prompt=Once+upon+a+time&max_new_tokens=20";
document.body.append(frame);
const inside = (selector) => frame.contentDocument?.querySelector(selector);
await until(() => inside("#model-help")?.textContent.includes("in your browser"));
inside("button[type=submit]").click();
const tokens = () => [...frame.contentDocument.querySelectorAll("[role=option]")];
// Those of the prompt, and the new ones.
await until(() => tokens().length === 25);
const text = inside("[data-panel=generated-text] [role=listbox]").textContent;
await fetch("result", {
  method: "POST",
  body: JSON.stringify({ agent: navigator.userAgent, runs, text, errors }),
});
</script>`;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  return body;
}

/** Serves the site and the driver; resolves with what the browser sends. */
async function serve(folder: string): Promise<{ url: string; result: Promise<Result> }> {
  const settings = goldenRuns().slice(0, GOLDEN);
  let send: (result: Result) => void;
  const result = new Promise<Result>((resolve) => {
    send = resolve;
  });
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/driver.html") {
      response.writeHead(200, { "Content-Type": "text/html" }).end(DRIVER);
    } else if (pathname === "/driven.json") {
      response.end(JSON.stringify(settings.map((run) => run.settings)));
    } else if (pathname === "/result") {
      send(JSON.parse(await bodyOf(request)));
      response.end();
    } else {
      const file = join(folder, pathname);
      const found = existsSync(file) && statSync(file).isFile();
      response.writeHead(found ? 200 : 404, {
        "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
      });
      if (found) createReadStream(file).pipe(response);
      else response.end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, result };
}

/** Opens a page in a browser, with its child processes in a group. */
function started(name: string, path: string, home: string, page: string): ChildProcess {
  const [program, options] =
    name === "Firefox"
      ? [path, ["--headless", "--no-remote", "--profile", home, page]]
      : ["xvfb-run", ["-a", path, page]];
  const environment = { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, MOZ_HEADLESS: "1" };
  return spawn(program, options, { env: environment, stdio: "ignore", detached: true });
}

/** Forks the run of a saved page, and sends the texts before and after. */
const forking = (url: string): string => `
const errors = [];
addEventListener("error", (event) => errors.push(String(event.message)));
document.addEventListener("securitypolicyviolation", ({ blockedURI, violatedDirective }) =>
  errors.push(violatedDirective + ": " + blockedURI));
const until = async (found) => {
  for (;;) {
    const value = found();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
(async () => {
  const tokens = () => [...document.querySelectorAll("[role=option]")].map((each) => each.textContent);
  const isDone = () => /20\\/20/.test(document.body.textContent);
  const fork = () => document.querySelector('[data-panel=top-predictions] button[aria-label^="Continue with"]');
  await until(() => isDone() && fork());
  const whole = tokens().join("");
  const count = tokens().length;
  fork().click();
  await until(() => tokens().length === count && tokens().join("") !== whole && isDone());
  await fetch("${url}/result", {
    method: "POST",
    mode: "no-cors",
    body: JSON.stringify({ agent: navigator.userAgent, runs: [], text: JSON.stringify([whole, tokens().join("")]), errors }),
  });
})();`;

for (const [name, path] of Object.entries(BROWSERS)) {
  test(`a saved page with the model inside is opened from a file in ${name} and forked`, async ({
    page,
  }) => {
    test.skip(!path, `${name} is not installed`);
    const home = test.info().outputPath("home");
    mkdirSync(home, { recursive: true });
    const site = new Instrument(page);
    await page.addInitScript(
      (settings) => {
        for (const [key, value] of Object.entries(settings)) localStorage.setItem(key, value);
      },
      { ...RETURNING, "mav-pace": "computed" },
    );
    await site.open({ prompt: "Once upon a time", max_new_tokens: 20, model: "browser:mav-tiny" });
    await site.run.click();
    await site.finished();
    const file = test.info().outputPath("run.html");
    await (await site.save(/^Standalone page with the model inside/)).saveAs(file);
    const whole = (await site.tokens.allTextContents()).join("");
    const { url, result } = await serve(home);
    // The page is driven by a script of its own, which its policy allows.
    const script = forking(url);
    const hash = createHash("sha256").update(script).digest("base64");
    const driven = readFileSync(file, "latin1")
      .replace("script-src ", `script-src 'sha256-${hash}' `)
      .replace("connect-src ", `connect-src ${url} `)
      .replace(/<\/body>\s*<\/html>\s*$/, () => `<script>${script}</script></body></html>`);
    writeFileSync(file, driven, "latin1");
    const child = started(name, path ?? "", home, `file://${file}`);
    try {
      const { agent, text, errors } = await result;
      console.log(`  ${agent}`);
      expect(errors).toEqual([]);
      const [before, forked] = JSON.parse(text);
      expect(before).toBe(whole);
      expect(forked).not.toBe(whole);
    } finally {
      // With its child processes.
      if (child.pid) process.kill(-child.pid, "SIGKILL");
    }
  });

  test(`the model runs in ${name}, with the golden numbers`, async () => {
    test.skip(!path, `${name} is not installed`);
    const home = test.info().outputPath("home");
    mkdirSync(home, { recursive: true });
    const folder = test.info().outputPath("site");
    const [command = "", ...before] = (process.env.E2E_MAV ?? "../.venv/bin/mav").split(" ");
    spawnSync(command, [...before, "export-site", folder]);
    const { url, result } = await serve(folder);
    const child = started(name, path ?? "", home, `${url}/driver.html`);
    try {
      const { agent, runs, text, errors } = await result;
      console.log(`  ${agent}`);
      expect(errors).toEqual([]);
      goldenRuns()
        .slice(0, GOLDEN)
        .forEach(({ events }, number) => {
          const own = (runs[number] ?? []).filter(({ type }) => type !== "queued");
          expect(idsOf(own)).toEqual(idsOf(events));
          own.forEach((event, i) => {
            expect(difference(event, events[i], event.type) ?? "the same").toBe("the same");
          });
        });
      expect(text).toContain("girl named Lily");
    } finally {
      // With its child processes.
      if (child.pid) process.kill(-child.pid, "SIGKILL");
    }
  });
}
