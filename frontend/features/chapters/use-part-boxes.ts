"use client";

import { useEffect, useState } from "react";
import { mediaMatches } from "@/lib/browser/media";
import type { Chapter } from "@/lib/chapters/chapters";
import { isShown, partsOf } from "./parts";

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Scrolls to the parts of a chapter, as soon as the page has them, and returns their bounding boxes
 * in the window, updated on scroll and resize.
 *
 * @param ready whether the page shows a run that the chapter can explain; its parts may come later
 */
export function usePartBoxes(chapter: Chapter, ready: boolean): readonly Box[] {
  const [boxes, setBoxes] = useState<readonly Box[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: parts may move with what is ready
  useEffect(() => {
    setBoxes([]);
    let stop = () => {};
    const begin = (): boolean => {
      const elements = partsOf(chapter);
      if (elements.length === 0) return false;
      scrollTo(elements);
      stop = followBoxes(elements, (now) =>
        setBoxes((before) => (JSON.stringify(before) === JSON.stringify(now) ? before : now)),
      );
      return true;
    };
    if (!begin()) {
      const observer = new MutationObserver(() => begin() && observer.disconnect());
      observer.observe(document.body, { childList: true, subtree: true });
      stop = () => observer.disconnect();
    }
    return () => stop();
  }, [chapter, ready]);
  return boxes;
}

function scrollTo(elements: readonly Element[]): void {
  // On a small screen the lower half is covered.
  const block = mediaMatches("(width < 64rem)") ? "start" : "nearest";
  elements.at(-1)?.scrollIntoView({ block });
}

/** Calls back with the boxes of elements, now and when they move. Returns a function that stops. */
export function followBoxes(
  elements: readonly Element[],
  changed: (boxes: readonly Box[]) => void,
): () => void {
  const measure = () => changed(elements.filter(isShown).map(boxOf).filter(isInView));
  measure();
  const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(measure);
  for (const element of elements) observer?.observe(element);
  // In the capture phase, because scroll events of inner elements do not bubble.
  window.addEventListener("scroll", measure, { capture: true, passive: true });
  window.addEventListener("resize", measure);
  return () => {
    observer?.disconnect();
    window.removeEventListener("scroll", measure, { capture: true });
    window.removeEventListener("resize", measure);
  };
}

const isInView = ({ top, height }: Box): boolean => top < window.innerHeight && top + height > 0;

function boxOf(element: Element): Box {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { left, top, width, height };
}
