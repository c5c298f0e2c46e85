"use client";

import type { KeyboardEvent, PointerEvent, RefObject } from "react";
import { text } from "@/lib/text";
import { tokenAt, xOf } from "@/lib/trends/trace";

interface TokenSliderProps {
  ref: RefObject<HTMLDivElement | null>;
  width: number;
  /** Tokens that the width has room for, and that there are. */
  room: number;
  tokens: number;
  step: number;
  /** The shown token and its numbers in words. */
  said: string;
  pointed: number | null;
  onPoint: (step: number | null) => void;
  select: (step: number) => void;
}

/** Lies over all charts: pressed, dragged or moved by keys it chooses the token. */
export function TokenSlider(props: TokenSliderProps) {
  const { ref, width, room, tokens, step, pointed, onPoint, select } = props;
  const under = (event: PointerEvent) => {
    const { left } = event.currentTarget.getBoundingClientRect();
    return tokens > 0 ? tokenAt(event.clientX - left, { width, room }, tokens) : null;
  };
  const move = (event: PointerEvent) => {
    const at = under(event);
    onPoint(at);
    if (at !== null && event.buttons === 1) select(at);
  };
  const press = (event: PointerEvent) => {
    const at = under(event);
    event.currentTarget.setPointerCapture?.(event.pointerId);
    if (at !== null) select(at);
  };
  const key = (event: KeyboardEvent) => {
    const to = stepAfter(event.key, step, tokens);
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    select(to);
  };
  // Moved, not placed: then nothing is laid out anew while one scrubs.
  const moved = (at: number) => ({ transform: `translateX(${xOf(at, { width, room })}px)` });
  return (
    <div
      ref={ref}
      role="slider"
      tabIndex={0}
      aria-label={text.panels.trends.slider}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, tokens - 1)}
      aria-valuenow={Math.max(0, step)}
      aria-valuetext={props.said}
      aria-disabled={tokens === 0}
      onPointerDown={press}
      onPointerMove={move}
      onPointerLeave={() => onPoint(null)}
      onKeyDown={key}
      className="absolute inset-y-0 right-0 left-9 z-[5] cursor-col-resize touch-pan-y"
    >
      {pointed !== null && pointed !== step && (
        <span className="absolute inset-y-0 left-0 w-px bg-edge" style={moved(pointed)} />
      )}
      {step >= 0 && (
        <span className="absolute inset-y-0 -left-px w-0.5 bg-accent" style={moved(step)} />
      )}
    </div>
  );
}

/** Tokens that Page Up and Page Down go. */
const PAGE = 10;

function stepAfter(key: string, step: number, tokens: number): number | null {
  if (tokens === 0) return null;
  const to = (at: number) => Math.max(0, Math.min(tokens - 1, at));
  if (key === "ArrowRight" || key === "ArrowUp") return to(step + 1);
  if (key === "ArrowLeft" || key === "ArrowDown") return to(step - 1);
  if (key === "PageUp") return to(step + PAGE);
  if (key === "PageDown") return to(step - PAGE);
  if (key === "Home") return 0;
  return key === "End" ? tokens - 1 : null;
}
