import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, type Page } from "@playwright/test";
import { freePort, RETURNING } from "../playwright.config";

/** A process that a test has started. */
export interface Started {
  readonly url: string;
  stop(): void;
}

/** Starts a server for one test with these options of `mav serve`. */
export async function serveMav(
  options: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<Started> {
  const [command = "", ...before] = (process.env.E2E_MAV ?? "../.venv/bin/mav").split(" ");
  const port = await freePort();
  const child = spawn(command, [...before, "serve", "--port", String(port), ...options], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, ...environment },
  });
  return answering(child, `http://127.0.0.1:${port}`, "/api/health");
}

/** Starts a server whose only model takes 5 ms for a token and loads at once (fake_server.py). */
export async function serveFake(environment: Record<string, string> = {}): Promise<Started> {
  const port = await freePort();
  const child = spawn("../.venv/bin/python", ["-m", "tests.server.fake_server", String(port)], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, PYTHONPATH: "..", ...environment },
  });
  return answering(child, `http://127.0.0.1:${port}`, "/api/health");
}

/** What the configuration stores for its own servers, for a server of a test. */
export async function returnTo(page: Page): Promise<void> {
  await page.addInitScript((stored) => {
    for (const [name, value] of Object.entries(stored)) localStorage.setItem(name, value);
  }, RETURNING);
}

/** Waits until the process answers at its address. */
export async function answering(child: ChildProcess, url: string, path = "/"): Promise<Started> {
  const answers = () =>
    fetch(url + path).then(
      () => true,
      () => false,
    );
  await expect.poll(answers, { timeout: 120_000 }).toBe(true);
  return { url, stop: () => child.kill("SIGKILL") };
}

/** Starts an address at which each request for a run is answered by the next of these servers. */
export async function roundRobin(servers: readonly Started[]): Promise<Started> {
  let runs = 0;
  const proxy = createServer((incoming, outgoing) => {
    const turn = incoming.url?.endsWith("/api/run") ? runs++ % servers.length : 0;
    const { method, headers } = incoming;
    const target = new URL(incoming.url ?? "/", servers[turn]?.url);
    const passed = request(target, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    outgoing.on("close", () => passed.destroy());
    passed.on("error", () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((listening) => proxy.listen(0, "127.0.0.1", listening));
  const { port } = proxy.address() as AddressInfo;
  const stop = () => {
    proxy.close();
    proxy.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

/** Writes the site as static files, and serves them without an API, under a path. */
export async function serveStatic(folder: string): Promise<Started> {
  const [command = "", ...before] = (process.env.E2E_MAV ?? "../.venv/bin/mav").split(" ");
  const written = spawnSync(command, [...before, "export-site", `${folder}/sub/site`]);
  expect(String(written.stderr)).toBe("");
  const port = await freePort();
  const server = ["-m", "http.server", String(port), "--bind", "127.0.0.1", "--directory", folder];
  const child = spawn("../.venv/bin/python", server, { stdio: "ignore" });
  const { stop } = await answering(child, `http://127.0.0.1:${port}`);
  return { url: `http://127.0.0.1:${port}/sub/site/`, stop };
}
