"use client";

import { useEffect, useRef } from "react";
import type { TokenFrame } from "@/lib/run/frames";
import type { ChipPlaces } from "./chip-places";

interface ShownMarkProps {
  /** Of the scrolled box that holds the tokens; the mark lies beside it, over its corner. */
  chips: ChipPlaces;
  /** The token's place in it; null marks none. */
  place: number | null;
  /** The tokens: another text has the same place elsewhere. */
  frames: readonly TokenFrame[];
}

/**
 * The line under the token that is shown. It lies over the text, not in it: a line of the token's own
 * would have the whole text painted anew at every step.
 */
export function ShownMark({ chips, place, frames }: ShownMarkProps) {
  const mark = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const put = () => mark.current && chips.putUnder(mark.current, place, frames);
    put();
    return chips.onMoved(put);
  }, [chips, place, frames]);
  return (
    <span
      ref={mark}
      aria-hidden
      className="pointer-events-none absolute print:hidden top-0 left-0 h-0.5 w-px origin-left bg-accent"
    />
  );
}
