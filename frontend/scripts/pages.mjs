/** Changes to the built pages of Next and Vite. */
import { createHash } from "node:crypto";

const SCRIPT = /<script\b([^>]*)>([\s\S]*?)<\/script>/g;
const CODE_TYPES = new Set(["", "module", "text/javascript"]);

/**
 * Returns the content security policy of a page. Only the inline scripts that it contains may run.
 */
export function policyOf(page) {
  const scripts = [...page.matchAll(SCRIPT)].map(([, attributes, code]) => ({ attributes, code }));
  const hashes = scripts
    .filter(({ attributes }) => !loads(attributes) && CODE_TYPES.has(typeOf(attributes)))
    .map(({ code }) => `'sha256-${createHash("sha256").update(code).digest("base64")}'`);
  // A page without external scripts is standalone: it is saved and opened as a file.
  const ofSite = scripts.some(({ attributes }) => loads(attributes));
  const site = ofSite ? ["'self'"] : [];
  const policy = {
    "default-src": ["'none'"],
    "script-src": [...site, ...new Set(hashes)],
    "style-src": [...site, "'unsafe-inline'"],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": [...site, "data:"],
    "connect-src": [...site, "data:", "blob:"],
    "worker-src": ofSite ? site : ["'none'"],
    "base-uri": [/<base\b/.test(page) ? "'self'" : "'none'"],
    "form-action": [ofSite ? "'self'" : "'none'"],
  };
  return Object.entries(policy)
    .map(([name, values]) => `${name} ${values.join(" ")}`)
    .join("; ");
}

/** Inserts the policy into the page, before anything that it applies to. */
export function withPolicy(page) {
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policyOf(page)}"/>`;
  return page.replace(/<meta char[sS]et="utf-8" ?\/?>/, (charset) => `${charset}${meta}`);
}

/**
 * Returns a page that loads nothing: only its first inline script stays, and a base URL makes its
 * links lead to the root of the site. If the site is served under a path, the server replaces the
 * base (`mav_engine/server/static_site.py`).
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
