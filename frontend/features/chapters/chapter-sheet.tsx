"use client";

import { Check, School } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { Button, CloseButton } from "@/components/ui/button";
import { classNames } from "@/components/ui/class-names";
import { mediaMatches } from "@/lib/browser/media";
import {
  CHAPTERS,
  type Chapter,
  chapterStore,
  closeChapters,
  openChapter,
} from "@/lib/chapters/chapters";
import { progressStore } from "@/lib/chapters/progress";
import { Copied } from "./copied";
import { Material } from "./material";
import { type Box, followBoxes, usePartBoxes } from "./use-part-boxes";
import { words } from "./words";

/** The open chapter, over the settings or on a phone over the lower half, and rings around parts. */
export default function ChapterSheet() {
  const chapter = useStore(chapterStore);
  return chapter === "none" ? null : <Sheet chapter={chapter} />;
}

function Sheet({ chapter }: { chapter: Chapter }) {
  const sheet = useRef<HTMLDivElement>(null);
  const [ready, setReady] = useState(false);
  const boxes = usePartBoxes(chapter, ready);
  const place = useSettingsBox();
  const index = CHAPTERS.indexOf(chapter);
  const { title, idea } = words.chapters[chapter];

  // biome-ignore lint/correctness/useExhaustiveDependencies: screen readers read each chapter
  useEffect(() => {
    sheet.current?.focus({ preventScroll: true });
    sheet.current?.scrollTo(0, 0);
  }, [chapter]);

  useEffect(() => {
    document.body.toggleAttribute("data-chapter-open", true);
    return () => document.body.removeAttribute("data-chapter-open");
  }, []);

  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    closeChapters();
  };
  return (
    <>
      {boxes.map((box) => (
        <Ring key={`${box.left} ${box.top}`} box={box} />
      ))}
      <div
        ref={sheet}
        role="dialog"
        aria-label={`${words.label}: ${title}`}
        tabIndex={-1}
        data-chapter-sheet={chapter}
        onKeyDown={onKey}
        style={place ?? undefined}
        className={classNames(
          "scroll-thin fixed z-30 flex flex-col overflow-y-auto bg-sheet px-5 pt-3 pb-4 outline-offset-[-2px] print:hidden",
          !place &&
            "inset-x-0 bottom-0 max-h-[55svh] lg:left-auto lg:w-84 rounded-xl border-edge border-t shadow-[0_-8px_24px_-8px_rgb(0_0_0/0.3)]",
          place && "border-ink border-r-2",
        )}
      >
        <div className="flex items-center justify-between gap-2">
          <p className="figures text-micro text-quiet">{words.place(index + 1, CHAPTERS.length)}</p>
          <CloseButton label={words.close} onClick={closeChapters} className="-mr-2 size-8" />
        </div>
        <Contents chapter={chapter} />
        <h2 className="mt-3 font-serif text-[1.5rem] leading-tight">{title}</h2>
        <p className="mt-1 text-small leading-relaxed">{idea}</p>
        <Material key={chapter} chapter={chapter} onReady={setReady} />
        <Foot index={index} />
      </div>
    </>
  );
}

/** All chapters as a row of buttons, with a tick at those that are solved. */
function Contents({ chapter }: { chapter: Chapter }) {
  const done = useStore(progressStore, (state) => state.done);
  return (
    <nav aria-label={words.list}>
      <ol className="flex gap-1.5">
        {CHAPTERS.map((each, place) => {
          const isSolved = done.includes(each);
          const { title } = words.chapters[each];
          return (
            <li key={each} className="flex-1">
              <button
                type="button"
                aria-label={`${place + 1}. ${title}${isSolved ? `, ${words.solved}` : ""}`}
                aria-current={each === chapter ? "step" : undefined}
                title={title}
                onClick={() => openChapter(each)}
                className={classNames(
                  "figures flex h-7 w-full cursor-pointer items-center justify-center rounded border text-xs",
                  isSolved
                    ? "border-transparent bg-well text-ink"
                    : "border-rule text-quiet hover:border-edge",
                  each === chapter && "border-ink font-semibold text-ink",
                )}
              >
                {isSolved ? <Check size={14} aria-hidden /> : place + 1}
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

function Foot({ index }: { index: number }) {
  const done = useStore(progressStore, (state) => state.done);
  const [before, after] = [CHAPTERS[index - 1], CHAPTERS[index + 1]];
  const isSolved = done.includes(CHAPTERS[index] as Chapter);
  return (
    <div className="mt-auto pt-4">
      <div className="flex items-center justify-between gap-2 border-rule border-t pt-3">
        {before ? (
          <Button variant="quiet" className="-ml-3 h-8" onClick={() => openChapter(before)}>
            {words.back}
          </Button>
        ) : (
          <span />
        )}
        <Button
          variant={isSolved ? "primary" : "outline"}
          className="h-8"
          onClick={() => (after ? openChapter(after) : closeChapters())}
        >
          {after ? words.next : words.finish}
        </Button>
      </div>
      <div className="mt-2 flex flex-wrap items-center justify-between gap-x-3 gap-y-1 text-xs">
        <span className="text-quiet">
          {done.length === CHAPTERS.length
            ? words.allSolved
            : words.solvedCount(done.length, CHAPTERS.length)}
        </span>
        <span className="flex items-center gap-1">
          <Copied chapter={CHAPTERS[index] as Chapter} />
          <a
            href="./chapters"
            target="_blank"
            rel="noreferrer"
            className="-mr-2 inline-flex h-7 items-center gap-1.5 rounded-md px-2 text-quiet hover:bg-well hover:text-ink"
          >
            <School size={13} aria-hidden />
            {words.teachers} <span className="sr-only">{words.newTab}</span>
          </a>
        </span>
      </div>
    </div>
  );
}

/** The greatest width of the settings as a column, in pixels. */
const MOST_WIDTH = 640;

/**
 * Returns the place of the settings, which the sheet covers, and takes the focus from them; null
 * where the page has one column.
 */
function useSettingsBox(): Box | null {
  const [box, setBox] = useState<Box | null>(null);
  useEffect(() => {
    const settings = document.querySelector<HTMLElement>("[data-part=settings]");
    if (!settings) return;
    const stop = followBoxes([settings], ([found]) => {
      // Folded, they are a bar above the run.
      const isColumn = found !== undefined && found.width < MOST_WIDTH;
      const isBeside = isColumn && mediaMatches("(width >= 64rem)");
      settings.inert = isBeside;
      setBox((before) => {
        const now = isBeside ? found : null;
        return JSON.stringify(before) === JSON.stringify(now) ? before : now;
      });
    });
    return () => {
      stop();
      settings.inert = false;
    };
  }, []);
  return box;
}

/** A ring around a part, limited to the window. */
function Ring({ box }: { box: Box }) {
  const left = Math.max(2, box.left + 1);
  const top = Math.max(2, box.top + 1);
  const width = Math.min(window.innerWidth - 2, box.left + box.width - 1) - left;
  const height = box.top + box.height - 1 - top;
  return (
    <span
      aria-hidden
      data-chapter-ring
      style={{ left, top, width, height }}
      className="pointer-events-none fixed z-25 rounded-lg border-2 border-ink print:hidden"
    />
  );
}
