import { readAddress, writeAddress } from "@/lib/address/address-bar";
import { localStore, onOtherTab } from "@/lib/browser/storage";
import type { Words } from "./words";

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Each language by its own name. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", de: "Deutsch" };

const KEY = "mav-language";
const PARAMETER = "lang";

/** English comes with the page, the others when they are asked for. */
const LOADERS: Record<Exclude<Language, "en">, () => Promise<Words>> = {
  de: () => import("./de").then(({ german }) => german),
};

/**
 * Finds the wanted language before the first paint: a link's `?lang=`, what was chosen earlier, the
 * browser's own. The page is built in English, so another language holds the paint back until its
 * words are there, at most two seconds.
 */
export const LANGUAGE_SCRIPT = `(function(){var k="${KEY}",a=${JSON.stringify(LANGUAGES)},d=document.documentElement,l=new URLSearchParams(location.search).get("${PARAMETER}");try{if(a.includes(l))localStorage.setItem(k,l);else l=localStorage.getItem(k)}catch{}if(!a.includes(l))l=(navigator.languages||[]).map(function(n){return n.slice(0,2)}).find(function(n){return a.includes(n)});if(l&&l!=="en"){d.lang=l;d.dataset.words="pending";setTimeout(function(){delete d.dataset.words},2000)}})()`;

const listeners = new Set<() => void>();
let language: Language = "en";
let words: Words | null = null;
let asked: Language = "en";

/** The language of the words on the page now. */
export const currentLanguage = (): Language => language;

/** The words of the chosen language; null for English. */
export const chosenWords = (): Words | null => words;

export function onLanguageChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Show the page in the language that the script above found. */
export async function beginLanguage(): Promise<void> {
  const wanted = LANGUAGES.find((name) => name === document.documentElement.lang) ?? "en";
  await showLanguage(wanted);
}

/** Show the page in this language now and on later visits. */
export async function chooseLanguage(chosen: Language): Promise<void> {
  // A browser that stores nothing still shows the language until the page is left.
  localStore.setItem(KEY, chosen);
  // A link that named another one would win again when the page is reloaded.
  if (readAddress().has(PARAMETER)) {
    writeAddress((name) => name === PARAMETER, [[PARAMETER, chosen]]);
  }
  await showLanguage(chosen);
}

/** Shows the language that another tab chooses, unless the link names one; ends with the returned function. */
export function followLanguage(): () => void {
  return onOtherTab(KEY, (chosen) => {
    const known = LANGUAGES.find((name) => name === chosen);
    if (known && !readAddress().has(PARAMETER)) void showLanguage(known);
  });
}

async function showLanguage(wanted: Language): Promise<void> {
  asked = wanted;
  const found = wanted === "en" ? null : await LOADERS[wanted]().catch(() => null);
  if (asked !== wanted) return;
  language = found ? wanted : "en";
  words = found;
  document.documentElement.lang = language;
  for (const listener of listeners) listener();
  delete document.documentElement.dataset.words;
}
