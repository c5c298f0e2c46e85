"use client";

import { useEffect } from "react";
import { PlainPage } from "@/components/page-controls/plain-page";
import { CodeText } from "@/components/ui/code-text";
import { type Terms, termsIn } from "@/lib/glossary/terms";
import type { Loaders } from "@/lib/i18n/language";
import { useVisitorsLanguage } from "@/lib/i18n/use-language";
import { words as siteWords } from "@/lib/i18n/words";
import { words } from "./words";

const LINK = "rounded-sm underline-offset-4 hover:text-ink hover:underline";

/** The page with all terms. Each term has an anchor. */
export function Glossary({ terms, loaders }: { terms: Terms; loaders: Loaders }) {
  const language = useVisitorsLanguage(loaders, () => `${words.title} · ${siteWords.name}`);
  // The order of the terms depends on the language, so the page scrolls to the linked term again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs again when the language changes
  useEffect(() => {
    document.getElementById(decodeURIComponent(window.location.hash.slice(1)))?.scrollIntoView();
  }, [language]);
  const shown = termsIn(terms, language);
  return (
    <PlainPage title={words.title} introduction={words.introduction}>
      <nav
        aria-label={words.terms}
        className="scroll-thin mb-8 max-lg:hidden lg:sticky lg:top-4 lg:max-h-[calc(100svh-2rem)] lg:self-start lg:overflow-y-auto"
      >
        <ul className="space-y-1.5 text-quiet text-small">
          {shown.map(({ id, term }) => (
            <li key={id}>
              <a href={`#${id}`} className={LINK}>
                {term}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <dl className="max-w-prose">
        {shown.map(({ id, term, text: explanation }) => (
          <div key={id} id={id} className="-mx-4 scroll-mt-4 rounded-lg px-4 py-3 target:bg-well">
            <dt className="font-semibold text-base">
              <a href={`#${id}`} className={LINK}>
                {term}
              </a>
            </dt>
            <dd className="mt-1 text-base text-quiet leading-relaxed">
              <CodeText text={explanation} />
            </dd>
          </div>
        ))}
      </dl>
    </PlainPage>
  );
}
