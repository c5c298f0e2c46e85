"use client";

import { useEffect, useSyncExternalStore } from "react";
import { text } from "./index";
import { beginLanguage, currentLanguage, type Language, onLanguageChange } from "./language";

/** The language on the screen; English in the page as it was built. */
export const useLanguage = (): Language =>
  useSyncExternalStore(onLanguageChange, currentLanguage, () => "en");

/** Brings the visitor's language onto a page that was built in English. */
export function useVisitorsLanguage(): Language {
  const language = useLanguage();
  useEffect(() => {
    void beginLanguage();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the title is read in the new language
  useEffect(() => {
    document.title = `${text.site.name} · ${text.site.title}`;
  }, [language]);
  return language;
}
