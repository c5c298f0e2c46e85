"use client";

import { useEffect, useState } from "react";
import type { Term } from "@/lib/glossary/terms";
import type { Language } from "@/lib/i18n/language";
import { useLanguage } from "@/lib/i18n/use-language";

/** One language is loaded, not both. If it cannot be loaded, the page works without definitions. */
const LOADERS: Readonly<Record<Language, () => Promise<{ default: readonly Term[] }>>> = {
  en: () => import("@/lib/glossary/terms.en.json"),
  de: () => import("@/lib/glossary/terms.de.json"),
};

/** Returns the terms of the glossary in the language of the page; null until they are loaded. */
export function useTerms(): readonly Term[] | null {
  const language = useLanguage();
  const [loaded, setLoaded] = useState<{ language: Language; terms: readonly Term[] } | null>(null);
  useEffect(() => {
    let isCurrent = true;
    LOADERS[language]().then(
      ({ default: terms }) => isCurrent && setLoaded({ language, terms }),
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [language]);
  return loaded?.language === language ? loaded.terms : null;
}
