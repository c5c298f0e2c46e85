"use client";

import { ArrowLeft } from "lucide-react";
import { Fragment, useEffect } from "react";
import { LanguageChoice } from "@/components/page-controls/language-choice";
import { Mark } from "@/components/page-controls/mark";
import { ThemeToggle } from "@/components/page-controls/theme-toggle";
import { followLanguage, type Loaders } from "@/lib/i18n/language";
import { useVisitorsLanguage } from "@/lib/i18n/use-language";
import { words as siteWords } from "@/lib/i18n/words";
import { followTheme } from "@/lib/theme/theme";
import { type Term, termsIn } from "./terms";
import { words } from "./words";

const LINK = "rounded-sm underline-offset-4 hover:text-ink hover:underline";

/** The page with all terms. Each term has an anchor. */
export function Glossary({ terms, loaders }: { terms: readonly Term[]; loaders: Loaders }) {
  const language = useVisitorsLanguage(loaders, () => `${words.title} · ${siteWords.name}`);
  useEffect(followTheme, []);
  useEffect(followLanguage, []);
  // The order of the terms depends on the language, so the page scrolls to the linked term again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs again when the language changes
  useEffect(() => {
    document.getElementById(decodeURIComponent(window.location.hash.slice(1)))?.scrollIntoView();
  }, [language]);
  const shown = termsIn(terms, language);
  return (
    <div className="mx-auto flex min-h-svh max-w-5xl flex-col px-5">
      <header className="flex min-h-13 flex-wrap items-center justify-between gap-x-4 gap-y-1 border-rule border-b py-1.5">
        <a href="./" className="flex items-center gap-3 rounded-sm text-small hover:underline">
          <Mark />
          <span className="font-semibold text-base tracking-[-0.02em]">{siteWords.name}</span>
          <span className="flex items-center gap-1 text-quiet">
            <ArrowLeft size={14} aria-hidden />
            {words.back}
          </span>
        </a>
        <div className="flex items-center gap-1.5">
          <LanguageChoice />
          <ThemeToggle />
        </div>
      </header>
      <main className="py-8 lg:grid lg:grid-cols-[12rem_minmax(0,1fr)] lg:gap-x-12">
        <div className="mb-8 lg:col-span-2">
          <h1 className="font-serif text-4xl">{words.title}</h1>
          <p className="mt-3 max-w-prose text-base text-quiet">{words.introduction}</p>
        </div>
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
              <dd className="mt-1 text-base text-quiet leading-relaxed">{withCode(explanation)}</dd>
            </div>
          ))}
        </dl>
      </main>
    </div>
  );
}

/** Shows text between backticks as code. */
const withCode = (explanation: string) =>
  explanation.split("`").map((part, place) =>
    place % 2 ? (
      <code key={place} className="figures text-[0.9375em] text-ink">
        {part}
      </code>
    ) : (
      <Fragment key={place}>{part}</Fragment>
    ),
  );
