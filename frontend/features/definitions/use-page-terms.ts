"use client";

import { useEffect, useState } from "react";
import { inTurn } from "@/lib/browser/turns";
import { useDepth } from "@/lib/depth/use-depth";
import type { FindTerms } from "@/lib/glossary/find-terms";
import { isSameSpot, REGIONS, type Spot, termsOf } from "./page-terms";

/** A part of the page and the terms in it. */
export interface Region {
  readonly element: Element;
  readonly spots: readonly Spot[];
}

/** How long the page must not have changed before its text is read again, in milliseconds. */
const REST_MS = 500;

/**
 * Returns the regions of the page with their terms. They are read again, in idle time, when the
 * page has stopped changing: not between the tokens of a run. Until then, a text that changes has no
 * terms.
 */
export function usePageTerms(find: FindTerms): readonly Region[] {
  const [regions, setRegions] = useState<readonly Region[]>([]);
  const depth = useDepth();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another depth shows other texts
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let shown: readonly Region[] = [];
    const show = (found: readonly Region[]) => {
      shown = found;
      setRegions(found);
    };
    let withdraw = () => {};
    let reading = false;
    /** Reads one region after another, so that no task is long. A change begins again. */
    const read = (rest = [...document.querySelectorAll(REGIONS)], found: Region[] = []) => {
      const [element, ...others] = rest;
      reading = element !== undefined;
      if (!element) {
        if (!isSame(shown, found)) show(found);
        return;
      }
      withdraw = inTurn(() => read(others, [...found, { element, spots: termsOf(element, find) }]));
    };
    const readLater = () => {
      clearTimeout(timer);
      withdraw();
      timer = setTimeout(read, REST_MS);
    };
    const observer = new MutationObserver((changes) => {
      const texts = changes.filter(({ type }) => type === "characterData");
      const left = without(shown, texts);
      if (left === shown && texts.length === changes.length && !reading) return;
      if (left !== shown) show(left);
      readLater();
    });
    observer.observe(document.body, {
      characterData: true,
      childList: true,
      subtree: true,
      attributes: true,
      attributeFilter: ["hidden", "open", "aria-expanded"],
    });
    window.addEventListener("resize", readLater);
    read();
    return () => {
      clearTimeout(timer);
      withdraw();
      observer.disconnect();
      window.removeEventListener("resize", readLater);
    };
  }, [find, depth]);
  return regions;
}

/** Removes the terms of texts that have changed: they may be elsewhere in them. */
function without(regions: readonly Region[], texts: MutationRecord[]): readonly Region[] {
  const changed = new Set(texts.map(({ target }) => target));
  const isOld = ({ node }: Spot) => changed.has(node);
  if (!regions.some(({ spots }) => spots.some(isOld))) return regions;
  return regions.map(({ element, spots }) => ({
    element,
    spots: spots.filter((spot) => !isOld(spot)),
  }));
}

const isSame = (before: readonly Region[], now: readonly Region[]): boolean =>
  before.length === now.length &&
  now.every(({ element, spots }, i) => {
    const old = before[i];
    return (
      old?.element === element &&
      old.spots.length === spots.length &&
      spots.every((spot, place) => isSameSpot(spot, old.spots[place] ?? null))
    );
  });
