"use client";

import { useEffect, useRef } from "react";
import type { TokenFrame } from "@/lib/contract/frames";
import type { ChipPositions } from "./chip-positions";

interface ShownMarkProps {
  /**
   * The positions of the tokens; the mark is a sibling of the scrolled box, at its top left corner.
   */
  chips: ChipPositions;
  /** The position of the marked token; null for none. */
  place: number | null;
  /** The frames of the text, because in another text the same position is elsewhere. */
  frames: readonly TokenFrame[];
}

const HIDDEN = { transform: "scaleX(0)" };

/**
 * The line under the shown token. It is drawn over the text: a border of the token would make the
 * browser paint the whole text again at every step.
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
      // Until it is put under a token it has no width.
      style={HIDDEN}
      className="pointer-events-none absolute print:hidden top-0 left-0 h-0.5 w-px origin-left bg-accent"
    />
  );
}
