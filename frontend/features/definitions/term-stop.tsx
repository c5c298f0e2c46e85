"use client";

import { type KeyboardEvent, useId } from "react";
import { addressOfTerm, type DefinedTerm } from "@/lib/glossary/terms";
import { isStandalone } from "@/lib/recording/is-standalone";
import { isSameSpot, type Spot } from "./page-terms";
import { words } from "./words";

interface TermStopProps {
  /** The terms of the region; at least one. */
  spots: readonly Spot[];
  explained: (id: string) => DefinedTerm | undefined;
  /** The term of this or another region whose definition the keyboard has opened. */
  shown: Spot | null;
  onShow: (spot: Spot) => void;
  onClose: () => void;
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowDown: 1,
  ArrowLeft: -1,
  ArrowUp: -1,
};

/**
 * The stop of the keyboard and of screen readers at the end of a region. While it has the focus it is
 * visible in a corner of the window, above all else: the term may be far from the end of the region,
 * and in a small window its definition may need the corner, too. The focus shows the definition of the
 * first term, arrow keys those of the others.
 */
export function TermStop({ spots, explained, shown, onShow, onClose }: TermStopProps) {
  const description = useId();
  const place = spots.findIndex((spot) => isSameSpot(spot, shown));
  const term = explained(spots[place]?.id ?? "");
  const go = (by: number) => {
    const next = spots[(Math.max(place, by > 0 ? -1 : 0) + by + spots.length) % spots.length];
    if (!next) return null;
    onShow(next);
    return next;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = STEPS[event.key];
    const spot = spots[place];
    // Not when the stop gets the focus, or it could be scrolled out of view itself.
    if (by !== undefined) go(by)?.node.parentElement?.scrollIntoView({ block: "nearest" });
    else if (event.key === "Enter" && spot && !isStandalone()) {
      window.open(addressOfTerm(spot.id), "_blank", "noreferrer");
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <button
      type="button"
      data-definition
      data-term-stop={spots.map(({ id }) => id).join(" ")}
      data-export="skip"
      aria-label={words.list(spots.length)}
      aria-describedby={term && description}
      onFocus={(event) => event.currentTarget.matches(":focus-visible") && go(1)}
      onBlur={onClose}
      onKeyDown={onKeyDown}
      onClick={() => go(1)}
      className="sr-only focus-visible:not-sr-only focus-visible:fixed focus-visible:right-3 focus-visible:bottom-3 focus-visible:z-60 focus-visible:rounded-md focus-visible:bg-sheet focus-visible:px-2 focus-visible:py-1 focus-visible:text-xs print:hidden"
    >
      {words.short}
      <span id={description} aria-live="polite" className="sr-only">
        {term && words.said(term.term, term.text.replaceAll("`", ""))}
      </span>
    </button>
  );
}
