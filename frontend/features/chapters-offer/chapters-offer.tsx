"use client";

import { School } from "lucide-react";
import { useEffect } from "react";
import { useStore } from "zustand";
import { Button, CloseButton } from "@/components/ui/button";
import { chapterStore, openChapter } from "@/lib/chapters/chapters";
import {
  declineChapters,
  followProgress,
  nextChapter,
  progressStore,
} from "@/lib/chapters/progress";
import { words } from "./words";

/** Beside the button of the chapters: an offer on the first visit, and the page for teachers. */
export default function ChaptersOffer() {
  const isOpen = useStore(chapterStore, (chapter) => chapter !== "none");
  const isOffered = useStore(progressStore, ({ offered }) => offered) && !isOpen;
  useEffect(() => followProgress(), []);
  return (
    <>
      {isOffered && (
        <>
          <span aria-hidden className="relative w-0">
            <span className="absolute -top-3 -left-4 size-1.5 rounded-full bg-ink" />
          </span>
          <span className="-order-1 hidden items-center gap-1 rounded-md bg-well py-0.5 pr-0.5 pl-3 text-small 2xl:flex">
            {words.invitation}
            <Button
              variant="quiet"
              className="h-7 px-2 text-ink underline"
              onClick={() => openChapter(nextChapter())}
            >
              {words.take}
            </Button>
            <CloseButton label={words.dismiss} onClick={declineChapters} />
          </span>
        </>
      )}
      <a
        href="./chapters"
        target="_blank"
        rel="noreferrer"
        aria-label={`${words.forTeachers} ${words.newTab}`}
        title={words.forTeachers}
        className="hidden size-8 items-center justify-center rounded-md text-quiet transition-colors hover:bg-well hover:text-ink min-[88rem]:inline-flex"
      >
        <School size={16} aria-hidden />
      </a>
    </>
  );
}
