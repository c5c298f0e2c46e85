import type { Chapter } from "@/lib/chapters/chapters";

/**
 * Selectors of the parts of the page that a chapter is about. For each part, the first selector
 * that matches a visible element is used.
 */
const PARTS: Readonly<Record<Chapter, readonly (readonly string[])[]>> = {
  guess: [["[data-panel=generated-text]"]],
  "look-back": [["[data-panel=attention-heads]", "[data-panel=stack]"]],
  "build-up": [["[data-panel=logit-lens]", "[data-panel=stack]"]],
  decide: [["[data-part=timeline]"], ["[data-panel=generated-text]"]],
  draw: [["[data-panel=what-if]", "[data-panel=top-predictions]"]],
  learn: [["[data-part=training]"]],
};

export const partsOf = (chapter: Chapter): readonly Element[] =>
  PARTS[chapter].flatMap((selectors) => firstShown(selectors) ?? []);

const firstShown = (selectors: readonly string[]): Element | undefined =>
  selectors
    .map((selector) => document.querySelector(selector))
    .find((element) => element !== null && isShown(element)) ?? undefined;

export const isShown = (element: Element): boolean => element.getClientRects().length > 0;
