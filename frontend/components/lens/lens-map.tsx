"use client";

import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { drawLens, type LensColour } from "@/components/lens/draw-lens";
import { useElementSize } from "@/components/use-element-size";
import { windowStart } from "@/lib/lens/settled";
import type { TokenFrame } from "@/lib/run/frames";
import { text } from "@/lib/text/en";
import { formatCount, formatPercent, visible } from "@/lib/text/numbers";
import { useShownTheme } from "@/lib/theme/use-theme";

interface LensMapProps {
  frames: readonly TokenFrame[];
  layers: number;
  step: number;
  colour: LensColour;
  vocabulary: number;
  select: (step: number) => void;
  onReading: (reading: string | null) => void;
}

interface Place {
  readonly layer: number;
  readonly step: number;
}

/** Widest that a token's column becomes, and narrowest, in pixels. */
const COLUMN = { most: 72, least: 9 };
/** Columns that are wide enough for words, where so many tokens still fit. */
const WORD = { width: 58, tokens: 6 };

/** Layers by tokens, the first layer on top; the column that all panels show is framed. */
export function LensMap(props: LensMapProps) {
  const { frames, layers, step, select } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [frame, size] = useElementSize<HTMLDivElement>();
  const [place, setPlace] = useState<Place | null>(null);
  const [said, setSaid] = useState("");
  const theme = useShownTheme();
  const { first, count, width } = useWindow(size.width, frames.length, step);

  useEffect(() => {
    if (!canvas.current || size.width === 0) return;
    const shown = frames.slice(first, first + count);
    const { colour, vocabulary } = props;
    drawLens(canvas.current, { shown, layers, colour, vocabulary, theme, size, width });
  });

  const look = (next: Place | null) => {
    setPlace(next);
    props.onReading(next && readingOf(frames, next));
  };
  const point = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / width);
    const layer = Math.floor(((event.clientY - box.top) / box.height) * layers);
    const within = column >= 0 && column < count && layer >= 0 && layer < layers;
    look(within ? { layer, step: first + column } : null);
  };
  const press = (event: KeyboardEvent) => {
    const next = placeAfter(place ?? { layer: 0, step }, event.key, layers, frames.length);
    if (event.key === "Enter" && place) select(place.step);
    if (!next) return;
    event.preventDefault();
    look(next);
    setSaid(readingOf(frames, next));
    if (next.step < first || next.step >= first + count) select(next.step);
  };

  const high = layers > 0 ? 100 / layers : 100;
  return (
    <div
      ref={frame}
      role="group"
      tabIndex={0}
      aria-label={text.panels.lens.timeLabel(first, first + count - 1)}
      onPointerMove={point}
      onPointerLeave={() => look(null)}
      onClick={() => place && select(place.step)}
      onKeyDown={press}
      className="relative size-full cursor-pointer touch-pan-y overflow-hidden"
    >
      <canvas ref={canvas} aria-hidden className="figures absolute inset-0 size-full text-ink" />
      {step >= first && step < first + count && (
        <span
          aria-hidden
          className="pointer-events-none absolute inset-y-0 border-2 border-accent"
          style={{ left: (step - first) * width - 1, width: width + 1 }}
        />
      )}
      {place && place.step >= first && place.step < first + count && (
        <span
          aria-hidden
          className="pointer-events-none absolute border-2 border-ink shadow-[0_0_0_1px_var(--sheet)]"
          style={{
            left: (place.step - first) * width,
            width,
            top: `${place.layer * high}%`,
            height: `${high}%`,
          }}
        />
      )}
      <span aria-live="polite" className="sr-only">
        {said}
      </span>
    </div>
  );
}

/** Which tokens fit beside each other; they stay where they are while the shown one is among them. */
function useWindow(room: number, tokens: number, step: number) {
  const fitting = Math.max(1, Math.floor(room / WORD.width));
  const narrow = Math.max(1, Math.floor(room / COLUMN.least));
  const capacity = fitting >= WORD.tokens ? fitting : Math.min(narrow, 24);
  const [first, setFirst] = useState(0);
  const wanted = Math.min(windowStart(first, step, capacity), Math.max(0, tokens - 1));
  if (wanted !== first) setFirst(wanted);
  const count = Math.max(0, Math.min(capacity, tokens - wanted));
  return { first: wanted, count, width: Math.min(COLUMN.most, room / capacity) };
}

function placeAfter(
  { layer, step }: Place,
  key: string,
  layers: number,
  tokens: number,
): Place | null {
  const to = (l: number, s: number) => ({
    layer: Math.max(0, Math.min(layers - 1, l)),
    step: Math.max(0, Math.min(tokens - 1, s)),
  });
  if (key === "ArrowRight") return to(layer, step + 1);
  if (key === "ArrowLeft") return to(layer, step - 1);
  if (key === "ArrowDown") return to(layer + 1, step);
  if (key === "ArrowUp") return to(layer - 1, step);
  if (key === "Home") return to(layer, 0);
  return key === "End" ? to(layer, tokens - 1) : null;
}

function readingOf(frames: readonly TokenFrame[], { layer, step }: Place): string {
  const words = text.panels.lens;
  const row = frames[step]?.logitLens?.[layer];
  const said = row
    ? words.reading(visible(row.label), formatPercent(row.prob), formatCount(row.rank))
    : words.none;
  return `${words.cell(layer, step)}: ${said}`;
}
