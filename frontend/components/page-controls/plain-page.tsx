"use client";

import { ArrowLeft } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { followLanguage } from "@/lib/i18n/language";
import { words as siteWords } from "@/lib/i18n/words";
import { followTheme } from "@/lib/theme/theme";
import { LanguageChoice } from "./language-choice";
import { Mark } from "./mark";
import { ThemeToggle } from "./theme-toggle";
import { words } from "./words";

interface PlainPageProps {
  title: string;
  introduction: string;
  children: ReactNode;
}

/** A page of text beside the instrument, with a way back. */
export function PlainPage({ title, introduction, children }: PlainPageProps) {
  useEffect(followTheme, []);
  useEffect(followLanguage, []);
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
          <h1 className="font-serif text-4xl">{title}</h1>
          <p className="mt-3 max-w-prose text-base text-quiet">{introduction}</p>
        </div>
        {children}
      </main>
    </div>
  );
}
