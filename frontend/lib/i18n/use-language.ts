"use client";

import { useEffect, useLayoutEffect } from "react";
import { useStore } from "zustand";
import { beginLanguage, type Language, type Loaders, languageStore, showWords } from "./language";
import { words } from "./words";

/** Returns the current language; English during the static build. */
export const useLanguage = (): Language => useStore(languageStore, ({ language }) => language);

const siteTitle = () => `${words.name} · ${words.title}`;

/** Loads the visitor's language after hydration and sets the document's title in it. */
export function useVisitorsLanguage(loaders: Loaders, title = siteTitle): Language {
  const language = useLanguage();
  useEffect(() => {
    void beginLanguage(loaders);
  }, [loaders]);
  // Not when the texts have arrived: React renders them later if a part of the page is still loading.
  useLayoutEffect(() => {
    if (language !== "en") showWords();
  }, [language]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the title is read in the new language
  useEffect(() => {
    document.title = title();
  }, [language]);
  return language;
}
