/** What the build changes in the pages that Next and Vite have written. */
import { createHash } from "node:crypto";

const SCRIPT = /<script\b([^>]*)>([\s\S]*?)<\/script>/g;
const CODE_TYPES = new Set(["", "module", "text/javascript"]);

/** The content security policy of a page: of inline scripts, only those that it holds run. */
export function policyOf(page) {
  const scripts = [...page.matchAll(SCRIPT)].map(([, attributes, code]) => ({ attributes, code }));
  const hashes = scripts
    .filter(({ attributes }) => !loads(attributes) && CODE_TYPES.has(typeOf(attributes)))
    .map(({ code }) => `'sha256-${createHash("sha256").update(code).digest("base64")}'`);
  // The others are whole in themselves: one is saved and opened from a disk.
  const ofSite = scripts.some(({ attributes }) => loads(attributes));
  const site = ofSite ? ["'self'"] : [];
  const policy = {
    "default-src": ["'none'"],
    "script-src": [...site, ...new Set(hashes)],
    "style-src": [...site, "'unsafe-inline'"],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": [...site, "data:"],
    "connect-src": [...site, "data:", "blob:"],
    "base-uri": [/<base\b/.test(page) ? "'self'" : "'none'"],
    "form-action": [ofSite ? "'self'" : "'none'"],
  };
  return Object.entries(policy)
    .map(([name, values]) => `${name} ${values.join(" ")}`)
    .join("; ");
}

/** The page with its policy in it, before anything that the policy is about. */
export function withPolicy(page) {
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policyOf(page)}"/>`;
  return page.replace(/<meta char[sS]et="utf-8" ?\/?>/, (charset) => `${charset}${meta}`);
}

/**
 * A page that loads nothing and whose addresses lead to the root of the site. Where it is served
 * elsewhere, the server replaces the base (`mav_engine/server/static_site.py`).
 */
export function alonePage(page) {
  let first = true;
  return page
    .replace(SCRIPT, (script, attributes) => {
      const kept = first && !loads(attributes);
      if (kept) first = false;
      return kept ? script : "";
    })
    .replace(/<link rel="(?:preload|stylesheet)"[^>]*>/g, "")
    .replace(/<meta char[sS]et="utf-8" ?\/?>/, (charset) => `${charset}<base href="/">`);
}

const loads = (attributes) => /\bsrc=/.test(attributes);
const typeOf = (attributes) => /\btype="([^"]*)"/.exec(attributes)?.[1] ?? "";
