/**
 * What `next build` leaves to do for a site that any plain server hands out:
 * - drops the script of polyfills for browsers without modules, which cannot show this page's
 *   colours either,
 * - makes the page for missing addresses one that loads nothing, since it is served at any depth,
 * - writes each page's content security policy into it, and
 * - puts a Brotli and a gzip copy next to every text file that gains by it;
 *   `mav_engine/server/static_site.py` serves them.
 */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { alonePage, withPolicy } from "./pages.mjs";

const OUT = new URL("../out/", import.meta.url).pathname;
const TEXT = new Set([".css", ".html", ".js", ".json", ".svg", ".txt"]);
const LEGACY = /<script src="\.?(\/_next\/static\/[^"]+\.js)" noModule=""><\/script>/g;
const NOT_FOUND = "404.html";

const files = (await readdir(OUT, { recursive: true }))
  .filter((name) => TEXT.has(extname(name)))
  .map((name) => join(OUT, name));

const dropped = new Set();
for (const file of files.filter((name) => name.endsWith(".html"))) {
  let page = await readFile(file, "utf8");
  for (const [, script] of page.matchAll(LEGACY)) dropped.add(join(OUT, script));
  page = page.replaceAll(LEGACY, "");
  if (basename(file) === NOT_FOUND) page = alonePage(page);
  await writeFile(file, withPolicy(page));
}
// What Next keeps of the page for missing addresses besides that page itself.
for (const file of files) if (file.startsWith(join(OUT, "_not-found"))) dropped.add(file);
await Promise.all([...dropped].map((file) => rm(file)));

const packed = {
  ".br": (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  ".gz": (bytes) => promisify(gzip)(bytes, { level: 9 }),
};
for (const file of files.filter((name) => !dropped.has(name) && basename(name) !== NOT_FOUND)) {
  const bytes = await readFile(file);
  for (const [ending, pack] of Object.entries(packed)) {
    const small = await pack(bytes);
    if (small.length < bytes.length) await writeFile(file + ending, small);
  }
}
