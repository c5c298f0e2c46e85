"use client";

import { type RefObject, useEffect, useRef } from "react";
import type { TokenFrame } from "@/lib/run/frames";

interface ShownMarkProps {
  /** The scrolled box that holds the tokens; the mark lies beside it, over its corner. */
  list: RefObject<HTMLElement | null>;
  /** The token's place in it; null marks none. */
  place: number | null;
  /** The tokens: another text has the same place elsewhere. */
  frames: readonly TokenFrame[];
}

/**
 * The line under the token that is shown. It lies over the text, not in it: a line of the token's own
 * would have the whole text painted anew at every step.
 */
export function ShownMark({ list, place, frames }: ShownMarkProps) {
  const mark = useRef<HTMLSpanElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: of another text it is put anew
  useEffect(() => {
    const box = list.current;
    const line = mark.current;
    if (!box || !line) return;
    const put = () => putUnder(line, box, place);
    put();
    // Lines break elsewhere in another width, or in the font that arrives.
    const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(put);
    observer?.observe(box);
    void document.fonts?.ready.then(put);
    box.addEventListener("scroll", put, { passive: true });
    return () => {
      observer?.disconnect();
      box.removeEventListener("scroll", put);
    };
  }, [list, place, frames]);
  return (
    <span
      ref={mark}
      aria-hidden
      className="pointer-events-none absolute top-0 left-0 h-0.5 w-px origin-left bg-accent"
    />
  );
}

function putUnder(line: HTMLElement, box: HTMLElement, place: number | null): void {
  const chip = place === null ? null : box.querySelector(`[data-place="${place}"]`);
  // A token may begin with the blank that ends a line: its word is the wider part.
  const [part] = [...(chip?.getClientRects() ?? [])].sort((a, b) => b.width - a.width);
  const { left, top } = box.getBoundingClientRect();
  const { x = 0, bottom = top, width = 0 } = part ?? {};
  line.style.transform = `translate(${x - left}px, ${bottom - top}px) scaleX(${width})`;
}
