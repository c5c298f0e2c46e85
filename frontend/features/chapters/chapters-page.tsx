"use client";

import { Check } from "lucide-react";
import { useEffect } from "react";
import { useStore } from "zustand";
import { PlainPage } from "@/components/page-controls/plain-page";
import { CHAPTERS, type Chapter } from "@/lib/chapters/chapters";
import { followProgress, progressStore } from "@/lib/chapters/progress";
import type { Loaders } from "@/lib/i18n/language";
import { useVisitorsLanguage } from "@/lib/i18n/use-language";
import { words as siteWords } from "@/lib/i18n/words";
import { addressOfChapter, Copied } from "./copied";
import { words } from "./words";

/** The page for teachers: all chapters, with what is learned, the task and how it is checked. */
export function ChaptersPage({ loaders }: { loaders: Loaders }) {
  useVisitorsLanguage(loaders, () => `${words.page.title} · ${siteWords.name}`);
  useEffect(() => followProgress(), []);
  const done = useStore(progressStore, (state) => state.done);
  return (
    <PlainPage title={words.page.title} introduction={words.page.introduction}>
      <ol className="max-w-3xl lg:col-span-2">
        {CHAPTERS.map((chapter, place) => (
          <Entry key={chapter} chapter={chapter} place={place} solved={done.includes(chapter)} />
        ))}
      </ol>
    </PlainPage>
  );
}

interface EntryProps {
  chapter: Chapter;
  place: number;
  solved: boolean;
}

function Entry({ chapter, place, solved }: EntryProps) {
  const { title, idea, learn, how } = words.chapters[chapter];
  const { page } = words;
  const facts = [
    [page.learn, learn],
    [page.task, taskOf(chapter)],
    [page.how, how],
  ] as const;
  return (
    <li
      id={chapter}
      className="scroll-mt-4 border-rule border-t py-6 first:border-t-0 first:pt-0 print:break-inside-avoid"
    >
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 className="flex items-baseline gap-3 font-serif text-2xl">
          <span className="figures text-base text-quiet">{place + 1}</span>
          {title}
          {solved && (
            <span className="inline-flex items-center gap-1 self-center rounded bg-well px-1.5 py-0.5 font-sans text-micro">
              <Check size={12} aria-hidden />
              {words.solved}
            </span>
          )}
        </h2>
        <p className="-mr-2 flex items-center gap-1 print:hidden">
          <Copied chapter={chapter} label={page.copy(title)} />
          <a
            href={addressOfChapter(chapter)}
            className="inline-flex h-8 items-center rounded-md border border-edge px-3 font-medium text-small hover:bg-well"
          >
            {page.open(title)}
          </a>
        </p>
      </div>
      <p className="mt-2 max-w-prose text-base">{idea}</p>
      <dl className="mt-4 grid gap-x-6 gap-y-2 text-small sm:grid-cols-[9.5rem_minmax(0,1fr)]">
        {facts.map(([name, text]) => (
          <div key={name} className="contents">
            <dt className="font-semibold text-quiet">{name}</dt>
            <dd className="max-w-prose leading-relaxed max-sm:mb-1">{text}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

/** The task without what depends on the run. */
function taskOf(chapter: Chapter): string {
  const { draw, learn } = words.chapters;
  if (chapter === "draw") return draw.taskOfAny;
  return chapter === "learn" ? learn.taskOfAny : words.chapters[chapter].task;
}
