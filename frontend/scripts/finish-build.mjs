/**
 * Completes the output of `next build` for any static file server:
 * - removes the polyfills for browsers without modules, which cannot render the page's colours
 *   anyway,
 * - replaces the page for missing addresses by one that loads nothing, since it is served at any
 *   depth,
 * - writes the content security policy of each page into it, and
 * - adds a Brotli and a gzip copy of every text file that becomes smaller;
 *   `mav_engine/server/static_site.py` serves them. Vercel compresses by itself, so there are none
 *   in its builds, which have the variable VERCEL.
 */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { alonePage, withPolicy } from "./pages.mjs";

const OUT = new URL("../out/", import.meta.url).pathname;
const TEXT = new Set([".css", ".html", ".js", ".json", ".jsonl", ".svg", ".txt", ".wasm"]);
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
// Other files of Next for missing addresses.
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
const kept = files.filter((name) => !dropped.has(name) && basename(name) !== NOT_FOUND);
for (const file of process.env.VERCEL ? [] : kept) {
  const bytes = await readFile(file);
  for (const [ending, pack] of Object.entries(packed)) {
    const small = await pack(bytes);
    if (small.length < bytes.length) await writeFile(file + ending, small);
  }
}
