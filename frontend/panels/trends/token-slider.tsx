"use client";

import type { KeyboardEvent, PointerEvent, RefObject } from "react";
import { tokenAt, tokenScale } from "./trace";
import { words } from "./words";

interface TokenSliderProps {
  ref: RefObject<HTMLDivElement | null>;
  width: number;
  /** The number of tokens that the width spans, and the number of tokens. */
  room: number;
  tokens: number;
  step: number;
  /** The announcement of the shown token and its values. */
  said: string;
  pointed: number | null;
  onPoint: (step: number | null) => void;
  select: (step: number) => void;
}

/** A slider over all charts: a click, a drag or the keys select the token. */
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
  const x = tokenScale({ width, room });
  // A transform instead of a position, so that scrubbing causes no layout.
  const moved = (at: number) => ({ transform: `translateX(${x(at)}px)` });
  return (
    <div
      ref={ref}
      role="slider"
      tabIndex={0}
      aria-label={words.slider}
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

/** The number of tokens that Page Up and Page Down move. */
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
