"use client";

import { ChevronDown, ChevronUp } from "lucide-react";
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { classNames } from "@/components/ui/class-names";
import { words } from "./words";

interface LayerScrollProps {
  layers: number;
  /** The least height of a layer in pixels. If there is not enough room, the layers scroll. */
  least: number;
  /** The height of a sticky header above the layers, in pixels. */
  head?: number;
  /** The name of the scrolled region; then Tab reaches it. */
  label?: string;
  /** The layer to scroll into view, such as that of the keyboard; null for none. */
  inView?: number | null;
  /** Names hidden rows that are not layers, by the first and last of them from the bottom. */
  cue?: (first: number, last: number) => string;
  /** Called with what is visible of the content, in pixels from its top. */
  onView?: (view: View) => void;
  /** The layers, the first at the bottom, of the same height. */
  children: ReactNode;
}

/** The visible part of a scrolled content. */
export interface View {
  readonly top: number;
  readonly height: number;
}

/** Layers from bottom to top. If they do not fit they scroll, and the edges name the hidden ones. */
export function LayerScroll(props: LayerScrollProps) {
  const { layers, least, head = 0, label, inView = null, onView, children } = props;
  const { cue = words.layers } = props;
  const box = useRef<HTMLDivElement>(null);
  const leastHeight = head + layers * least;
  const [hidden, setHidden] = useState<Hidden>({ above: 0, below: 0 });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another height hides other layers
  useEffect(() => {
    const scrolled = box.current;
    if (!scrolled) return;
    const look = () => {
      setHidden((before) => {
        const now = hiddenIn(scrolled, layers, head);
        return now.above === before.above && now.below === before.below ? before : now;
      });
      onView?.({ top: scrolled.scrollTop, height: scrolled.clientHeight });
    };
    look();
    const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(look);
    observer?.observe(scrolled);
    scrolled.addEventListener("scroll", look, { passive: true });
    return () => {
      observer?.disconnect();
      scrolled.removeEventListener("scroll", look);
    };
  }, [layers, head, leastHeight, onView]);
  useLayoutEffect(() => {
    const { current } = box;
    if (!current || inView === null) return;
    const height = (current.scrollHeight - head) / layers;
    const top = (layers - 1 - inView) * height;
    const low = top + height + head - current.clientHeight;
    if (current.scrollTop > top) current.scrollTop = top;
    else if (current.scrollTop < low) current.scrollTop = low;
  }, [inView, layers, head]);
  const page = (direction: number) => {
    const { current } = box;
    if (current) current.scrollTop += direction * current.clientHeight * 0.8;
  };
  const { above, below } = hidden;
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={box}
        {...(label && { role: "group", tabIndex: 0, "aria-label": label })}
        className="scroll-thin absolute inset-0 overflow-y-auto"
      >
        <div className="flex h-full" style={{ minHeight: leastHeight }}>
          {children}
        </div>
      </div>
      {above > 0 && (
        <Cue
          edge="top"
          offset={head}
          onClick={() => page(-1)}
          label={cue(layers - above, layers - 1)}
        />
      )}
      {below > 0 && (
        <Cue edge="bottom" offset={0} onClick={() => page(1)} label={cue(0, below - 1)} />
      )}
    </div>
  );
}

/** The number of layers that are at least half hidden. */
interface Hidden {
  readonly above: number;
  readonly below: number;
}

function hiddenIn(box: Element, layers: number, head: number): Hidden {
  const { scrollTop, clientHeight, scrollHeight } = box;
  const height = (scrollHeight - head) / layers;
  const count = (pixels: number) => (height > 0 ? Math.max(0, Math.round(pixels / height)) : 0);
  return { above: count(scrollTop), below: count(scrollHeight - clientHeight - scrollTop) };
}

interface CueProps {
  edge: "top" | "bottom";
  /** The distance from the edge, in pixels. */
  offset: number;
  label: string;
  onClick: () => void;
}

/** Names the layers beyond an edge and scrolls to them. Keys move through the layers themselves. */
function Cue({ edge, offset, label, onClick }: CueProps) {
  const Icon = edge === "top" ? ChevronUp : ChevronDown;
  return (
    <>
      <span
        aria-hidden
        className={classNames(
          "pointer-events-none absolute inset-x-0 h-7 from-sheet to-transparent",
          edge === "top" ? "bg-gradient-to-b" : "bg-gradient-to-t",
        )}
        style={{ [edge]: offset }}
      />
      <button
        type="button"
        tabIndex={-1}
        onClick={onClick}
        className="absolute left-1/2 flex h-5 -translate-x-1/2 cursor-pointer items-center gap-1 rounded-full border border-rule bg-sheet px-2 text-micro text-quiet hover:text-ink"
        style={{ [edge]: offset }}
      >
        <Icon size={12} aria-hidden />
        {label}
      </button>
    </>
  );
}
