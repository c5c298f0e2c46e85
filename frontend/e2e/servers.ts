import { type ChildProcess, spawn } from "node:child_process";
import { expect } from "@playwright/test";
import { freePort } from "../playwright.config";

/** A process that ends with the test. */
export interface Started {
  readonly url: string;
  stop(): void;
}

/** A server of its own for a test, with these options of `mav serve`. */
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

/** The process once its address answers. */
export async function answering(child: ChildProcess, url: string, path = "/"): Promise<Started> {
  const answers = () =>
    fetch(url + path).then(
      () => true,
      () => false,
    );
  await expect.poll(answers, { timeout: 120_000 }).toBe(true);
  return { url, stop: () => child.kill("SIGKILL") };
}
