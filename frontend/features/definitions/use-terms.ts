"use client";

import { useEffect, useState } from "react";
import type { Definitions, Term } from "@/lib/glossary/terms";
import type { Language } from "@/lib/i18n/language";
import { useLanguage } from "@/lib/i18n/use-language";

type Loaders<T> = Readonly<Record<Language, () => Promise<{ default: T }>>>;

const TERMS: Loaders<readonly Term[]> = {
  en: () => import("@/lib/glossary/terms.en.json"),
  de: () => import("@/lib/glossary/terms.de.json"),
};
const DEFINITIONS: Loaders<Definitions> = {
  en: () => import("@/lib/glossary/definitions.en.json"),
  de: () => import("@/lib/glossary/definitions.de.json"),
};

/** Returns the terms of the glossary in the language of the page; null until they are loaded. */
export const useTerms = (): readonly Term[] | null => useLoaded(TERMS, true);

/** Returns their definitions; null until one is wanted and they are loaded. */
export const useDefinitions = (wanted: boolean): Definitions | null =>
  useLoaded(DEFINITIONS, wanted);

/** One language is loaded, not both. If it cannot be loaded, the page works without. */
function useLoaded<T>(loaders: Loaders<T>, wanted: boolean): T | null {
  const language = useLanguage();
  const [loaded, setLoaded] = useState<{ language: Language; content: T } | null>(null);
  useEffect(() => {
    let isCurrent = wanted;
    if (isCurrent) {
      loaders[language]().then(
        ({ default: content }) => isCurrent && setLoaded({ language, content }),
        () => {},
      );
    }
    return () => {
      isCurrent = false;
    };
  }, [loaders, language, wanted]);
  return loaded?.language === language ? loaded.content : null;
}
