"use client";

import { Compass } from "lucide-react";
import dynamic from "next/dynamic";
import { useEffect, useRef } from "react";
import { useStore } from "zustand";
import { useIdle } from "@/components/hooks/use-idle";
import { Button } from "@/components/ui/button";
import { orNothing } from "@/components/ui/or-nothing";
import { chapterStore } from "@/lib/chapters/chapters";
import { openNextChapter } from "./open-next-chapter";
import { words } from "./words";

/** Loaded when a chapter is opened. */
const ChapterSheet = dynamic(() => orNothing(import("@/features/chapters/chapter-sheet")));
/** Not needed for the first paint. If it cannot be loaded, the page works without it. */
const ChaptersOffer = dynamic(() => orNothing(import("./chapters-offer")));

/** Opens the chapters at the first that is not solved. */
export function ChaptersButton() {
  const isOpen = useStore(chapterStore, (chapter) => chapter !== "none");
  const isIdle = useIdle();
  const button = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(isOpen);
  useEffect(() => {
    // Returns the focus to the button, unless the visitor moved it elsewhere.
    const lost = !document.activeElement || document.activeElement === document.body;
    if (wasOpen.current && !isOpen && lost) button.current?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);
  return (
    <>
      <Button
        ref={button}
        icon
        variant="quiet"
        aria-label={words.open}
        title={words.open}
        onClick={openNextChapter}
      >
        <Compass size={16} aria-hidden />
      </Button>
      {isIdle && <ChaptersOffer />}
      {isOpen && <ChapterSheet />}
    </>
  );
}
