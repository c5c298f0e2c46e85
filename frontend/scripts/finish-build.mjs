/**
 * What `next build` leaves to do for a site that any plain server hands out:
 * - drops the script of polyfills for browsers without modules, which cannot show this page's
 *   colours either, and
 * - lays a Brotli and a gzip copy beside every text file that gains by it; `api/site.py` sends them.
 */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const OUT = new URL("../out/", import.meta.url).pathname;
const TEXT = new Set([".css", ".html", ".js", ".json", ".svg", ".txt"]);
const LEGACY = /<script src="(\/_next\/static\/[^"]+\.js)" noModule=""><\/script>/g;

const files = (await readdir(OUT, { recursive: true }))
  .filter((name) => TEXT.has(extname(name)))
  .map((name) => join(OUT, name));

const legacy = new Set();
for (const file of files.filter((name) => name.endsWith(".html"))) {
  const page = await readFile(file, "utf8");
  for (const [, script] of page.matchAll(LEGACY)) legacy.add(join(OUT, script));
  await writeFile(file, page.replaceAll(LEGACY, ""));
}
await Promise.all([...legacy].map((script) => rm(script)));

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
for (const file of files.filter((name) => !legacy.has(name))) {
  const bytes = await readFile(file);
  for (const [ending, pack] of Object.entries(packed)) {
    const small = await pack(bytes);
    if (small.length < bytes.length) await writeFile(file + ending, small);
  }
}
