import { createStore } from "zustand/vanilla";
import { localStore, onOtherTab } from "@/lib/browser/storage";
import { readAddress, writeAddress } from "@/lib/url-state/address-bar";

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

/** The name of each language in that language. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", de: "Deutsch" };

const KEY = "mav-language";
const PARAMETER = "lang";

/** A translation: maps the English texts of each part to the texts in another language. */
export type Translation = ReadonlyMap<object, object>;

/** Functions that load the other languages when they are chosen. English is part of the page. */
export type Loaders = Record<Exclude<Language, "en">, () => Promise<Translation>>;

interface LanguageState {
  /** The language of the texts shown now. */
  readonly language: Language;
  /** The texts of that language; null for English. */
  readonly translation: Translation | null;
  /** The language that was chosen last. Its texts may still be loading. */
  readonly wanted: Language;
  readonly loaders: Loaders | null;
}

export const languageStore = createStore<LanguageState>(() => ({
  language: "en",
  translation: null,
  wanted: "en",
  loaders: null,
}));

/**
 * An inline script that finds the language before the first paint: from `?lang=` in the link, from
 * an earlier choice, or from the browser's languages. The page is built in English, so for another
 * language the page stays hidden until the translation is loaded, at most two seconds.
 */
export const LANGUAGE_SCRIPT = `(function(){var k="${KEY}",a=${JSON.stringify(LANGUAGES)},d=document.documentElement,l=new URLSearchParams(location.search).get("${PARAMETER}");try{if(a.includes(l))localStorage.setItem(k,l);else l=localStorage.getItem(k)}catch{}if(!a.includes(l))l=(navigator.languages||[]).map(function(n){return n.slice(0,2)}).find(function(n){return a.includes(n)});if(l&&l!=="en"){d.lang=l;d.dataset.words="pending";setTimeout(function(){delete d.dataset.words},2000)}})()`;

export const currentLanguage = (): Language => languageStore.getState().language;

/** Shows the page in the language that LANGUAGE_SCRIPT found. */
export async function beginLanguage(loaders: Loaders): Promise<void> {
  languageStore.setState({ loaders });
  const wanted = LANGUAGES.find((name) => name === document.documentElement.lang) ?? "en";
  await showLanguage(wanted);
}

/** Shows the page in this language, now and on later visits. */
export async function chooseLanguage(chosen: Language): Promise<void> {
  // Without storage, the language is shown until the page is left.
  localStore.setItem(KEY, chosen);
  // Otherwise `?lang=` of the link would override the choice on the next reload.
  if (readAddress().has(PARAMETER)) {
    writeAddress((name) => name === PARAMETER, [[PARAMETER, chosen]]);
  }
  await showLanguage(chosen);
}

/**
 * Follows the language chosen in another tab, unless the link sets one. Returns a function that
 * stops following.
 */
export function followLanguage(): () => void {
  return onOtherTab(KEY, (chosen) => {
    const known = LANGUAGES.find((name) => name === chosen);
    if (known && !readAddress().has(PARAMETER)) void showLanguage(known);
  });
}

async function showLanguage(wanted: Language): Promise<void> {
  languageStore.setState({ wanted });
  const load = wanted === "en" ? null : languageStore.getState().loaders?.[wanted];
  const translation = (await load?.().catch(() => null)) ?? null;
  if (languageStore.getState().wanted !== wanted) return;
  const language = translation ? wanted : "en";
  // Setting it, even to the same, makes the browser compute all styles again.
  if (document.documentElement.lang !== language) document.documentElement.lang = language;
  languageStore.setState({ language, translation });
  if (!translation) showWords();
}

/** Shows the page, which is hidden until it has the texts of the visitor's language. */
export function showWords(): void {
  delete document.documentElement.dataset.words;
}
