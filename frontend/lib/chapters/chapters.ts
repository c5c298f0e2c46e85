import { linkedStore, oneOf } from "@/lib/url-state/linked-store";

/** The chapters in their order. The names are part of links: `?chapter=look-back`. */
export const CHAPTERS = ["guess", "look-back", "build-up", "decide", "draw", "learn"] as const;
export type Chapter = (typeof CHAPTERS)[number];

export const CHAPTER_PARAMETER = "chapter";

/** The chapter that is open. It is in the address, so that it can be linked to. */
export const chapterStore = linkedStore<Chapter | "none">(
  CHAPTER_PARAMETER,
  "none",
  oneOf([...CHAPTERS, "none"]),
);

export const openChapter = (chapter: Chapter): void => chapterStore.setState(chapter, true);

export const closeChapters = (): void => chapterStore.setState("none", true);
