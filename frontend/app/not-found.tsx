import type { Metadata } from "next";
import { german } from "@/features/not-found/words.de";
import { english } from "@/features/not-found/words.en";
import type { Language } from "@/lib/i18n/language";
import { words as siteWords } from "@/lib/i18n/words";

const WORDS: Record<Language, typeof english | typeof german> = { en: english, de: german };

export const metadata: Metadata = {
  title: `${english.title} · ${siteWords.name}`,
};

/**
 * Styles of the page for addresses that do not exist. The server sends this page at any depth,
 * where the relative addresses of scripts and styles would be wrong. scripts/finish-build.mjs
 * therefore removes them, so the page needs styles of its own. It contains the texts of all
 * languages; an inline script sets the attribute that selects one.
 */
const STYLES = `
:root { color-scheme: light dark; --paper: light-dark(#f7f7f4, #12141a);
  --ink: light-dark(#1b2028, #eceae4); --quiet: light-dark(#575d69, #a9abad);
  --accent: light-dark(#a85a12, #f0a35c) }
[data-theme=light] { color-scheme: light } [data-theme=dark] { color-scheme: dark }
body { margin: 0; min-height: 100svh; display: grid; place-items: center; color: var(--ink);
  background: var(--paper); font: 1rem/1.6 system-ui, sans-serif }
main { box-sizing: border-box; width: 100%; max-width: 34rem; padding: 2rem 1.5rem }
svg { width: 2.75rem; fill: var(--ink) } svg .said { fill: var(--accent) }
h1 { margin: 1.5rem 0 .5rem; font: 400 2rem/1.2 Georgia, serif }
p { margin: 0 0 1.75rem; color: var(--quiet) }
a { display: inline-block; padding: .55rem 1.1rem; border-radius: .375rem; text-decoration: none;
  color: var(--paper); background: var(--ink); font-weight: 500 }
a:focus-visible { outline: 2px solid var(--ink); outline-offset: 2px }
section + section { margin-top: 2.5rem }
@media (scripting: enabled) {
  section + section { margin-top: 0 }
  html:not(:lang(de)) section:lang(de), html:lang(de) section:lang(en) { display: none }
}`;

export default function NotFound() {
  return (
    <main>
      <style>{STYLES}</style>
      <svg viewBox="0 0 20 20" aria-hidden="true">
        <path d="M1 1h7v2H1zM1 5h13v2H1zM1 13h11v2H1zM1 17h15v2H1z" />
        <path className="said" d="M1 9h18v2H1z" />
      </svg>
      {Object.entries(WORDS).map(([language, words]) => (
        <section key={language} lang={language}>
          <h1>{words.title}</h1>
          <p>{words.detail}</p>
          <a href="./">{words.home}</a>
        </section>
      ))}
    </main>
  );
}
