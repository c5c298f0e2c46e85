"use client";

import dynamic from "next/dynamic";
import { useCallback, useEffect, useMemo, useState } from "react";
import { createPortal } from "react-dom";
import { orNothing } from "@/components/ui/or-nothing";
import { termFinder } from "@/lib/glossary/find-terms";
import type { DefinedTerm, Term } from "@/lib/glossary/terms";
import { isSameSpot, type Spot } from "./page-terms";
import { TermStop } from "./term-stop";
import { type Region, usePageTerms } from "./use-page-terms";
import { usePointedTerm } from "./use-pointed-term";
import { useDefinitions, useTerms } from "./use-terms";

const DefinitionCard = dynamic(() => orNothing(import("./definition-card")));

/** A term whose definition is shown. */
interface Shown {
  readonly spot: Spot;
  /** Whether it was chosen by the keyboard, in the list of its region. */
  readonly focused: boolean;
}

/**
 * Marks the terms of the glossary in the page's text and shows their definitions when they are
 * hovered or tapped. The keyboard has one stop in each region, from which arrow keys go through its
 * terms. The text itself stays as it is: marks are CSS highlights.
 */
export default function DefinitionLayer() {
  const terms = useTerms();
  return terms && <Layer terms={terms} />;
}

function Layer({ terms }: { terms: readonly Term[] }) {
  const find = useMemo(() => termFinder(terms), [terms]);
  const regions = usePageTerms(find);
  const [shown, setShown] = useState<Shown | null>(null);
  const close = useCallback(() => setShown(null), []);
  const point = useCallback((spot: Spot | null) => setShown(spot && { spot, focused: false }), []);
  const focus = useCallback((spot: Spot) => setShown({ spot, focused: true }), []);
  usePointedTerm(find, shown?.spot ?? null, point);
  useMarks(regions, shown?.spot ?? null);
  useEscape(shown !== null, close);
  const definitions = useDefinitions(shown !== null);
  const explained = useCallback(
    (id: string): DefinedTerm | undefined => {
      const term = terms.find((each) => each.id === id);
      const text = definitions?.[id];
      return term && text ? { ...term, text } : undefined;
    },
    [terms, definitions],
  );
  const term = explained(shown?.spot.id ?? "");
  return (
    <>
      {regions.map(
        ({ element, spots }, place) =>
          spots.length > 0 &&
          createPortal(
            <TermStop
              spots={spots}
              explained={explained}
              shown={shown?.focused ? shown.spot : null}
              onShow={focus}
              onClose={close}
            />,
            element,
            `${place}`,
          ),
      )}
      {shown && term && (
        <DefinitionCard
          spot={shown.spot}
          explained={term}
          place={shown.focused ? placeIn(regions, shown.spot) : null}
          onClose={close}
        />
      )}
    </>
  );
}

/** Returns the place of a term among those of its region, and their number. */
function placeIn(regions: readonly Region[], spot: Spot): readonly [number, number] | null {
  for (const { spots } of regions) {
    const place = spots.findIndex((each) => isSameSpot(each, spot));
    if (place >= 0) return [place + 1, spots.length];
  }
  return null;
}

/** Underlines the first occurrence of each term in a region, and the term that is shown. */
function useMarks(regions: readonly Region[], shown: Spot | null): void {
  useEffect(
    () =>
      mark(
        "term",
        regions.flatMap(({ spots }) => spots),
      ),
    [regions],
  );
  useEffect(() => mark("term-shown", shown ? [shown] : []), [shown]);
}

function mark(name: string, spots: readonly Spot[]): () => void {
  // Without highlights the definitions are there, but not their marks.
  if (!("highlights" in CSS)) return () => {};
  CSS.highlights.set(name, new Highlight(...spots.map(staticRangeOf)));
  return () => CSS.highlights.delete(name);
}

/** Unlike other ranges these cost nothing when the page changes. */
const staticRangeOf = ({ node, start, end }: Spot): StaticRange =>
  new StaticRange({
    startContainer: node,
    startOffset: start,
    endContainer: node,
    endOffset: end,
  });

/** Before anything else that Escape does, such as stopping the run. */
function useEscape(active: boolean, close: () => void): void {
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      close();
    };
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  }, [active, close]);
}
