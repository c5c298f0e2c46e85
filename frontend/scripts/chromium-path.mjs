/**
 * Where the installed Chromium is, for tests and pictures; run as a script, prints the path and ends
 * with 1 if there is none.
 */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PLACES = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** The browser at CHROMIUM_PATH, or an installed one; undefined if there is none. */
export const chromiumPath = process.env.CHROMIUM_PATH ?? PLACES.find(existsSync);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (chromiumPath) console.log(chromiumPath);
  else process.exitCode = 1;
}
