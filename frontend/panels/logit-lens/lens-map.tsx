"use client";

import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { cellAfter } from "@/components/charts/grid-keys";
import { useElementSize } from "@/components/hooks/use-element-size";
import type { TokenFrame } from "@/lib/contract/frames";
import { usePixelRatio } from "@/lib/export/pixel-ratio";
import { formatCount, formatPercent } from "@/lib/i18n/numbers";
import { visible } from "@/lib/text/characters";
import { useShownTheme } from "@/lib/theme/use-theme";
import { drawLens, type LensColour, WORD_CELL } from "./draw-lens";
import { windowStart } from "./settled";
import { words as logitLensWords } from "./words";

interface LensMapProps {
  frames: readonly TokenFrame[];
  layers: number;
  step: number;
  colour: LensColour;
  vocabulary: number;
  select: (step: number) => void;
  onReading: (reading: string | null) => void;
  /** Called when a key has moved to a layer, so that it can be scrolled into view. */
  onWalk: (layer: number) => void;
}

interface Place {
  readonly layer: number;
  readonly step: number;
}

/**
 * Column widths in pixels: with words and the narrowest; and the numbers of columns: the fewest
 * with words and the most without.
 */
const COLUMN = { word: 58, few: 6, least: 9, many: 48 };

/** Shows layers by tokens, the first layer at the bottom. The column of the shown token is framed. */
export function LensMap(props: LensMapProps) {
  const { frames, layers, step, colour, vocabulary, select } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [frame, size] = useElementSize<HTMLDivElement>();
  const [place, setPlace] = useState<Place | null>(null);
  const [said, setSaid] = useState("");
  const theme = useShownTheme();
  const ratio = usePixelRatio();
  const { first, count, width } = useWindow(size, layers, frames.length, step);

  useEffect(() => {
    if (!canvas.current || size.width === 0) return;
    const shown = frames.slice(first, first + count);
    drawLens(canvas.current, { shown, layers, colour, vocabulary, theme, size, ratio, width });
  }, [frames, first, count, layers, colour, vocabulary, theme, size, ratio, width]);

  const look = (next: Place | null) => {
    setPlace(next);
    props.onReading(next && readingOf(frames, next));
  };
  const point = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / width);
    const layer = Math.floor(((box.bottom - event.clientY) / box.height) * layers);
    const within = column >= 0 && column < count && layer >= 0 && layer < layers;
    look(within ? { layer, step: first + column } : null);
  };
  const press = (event: KeyboardEvent) => {
    const next = placeAfter(place ?? { layer: 0, step }, event.key, layers, frames.length);
    if (event.key === "Enter" && place) select(place.step);
    if (!next) return;
    event.preventDefault();
    look(next);
    props.onWalk(next.layer);
    setSaid(readingOf(frames, next));
    if (next.step < first || next.step >= first + count) select(next.step);
  };

  const high = layers > 0 ? 100 / layers : 100;
  return (
    <div
      ref={frame}
      role="group"
      tabIndex={0}
      aria-label={logitLensWords.timeLabel(first, first + count - 1)}
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
            bottom: `${place.layer * high}%`,
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

interface Room {
  readonly width: number;
  readonly height: number;
}

/**
 * Returns which tokens are shown side by side; in narrow columns if cells are too small for words.
 */
function useWindow({ width, height }: Room, layers: number, tokens: number, step: number) {
  const words = Math.floor(width / COLUMN.word);
  const readable = height / layers >= WORD_CELL.height && words >= COLUMN.few;
  const narrow = Math.min(COLUMN.many, Math.floor(width / COLUMN.least));
  const capacity = Math.max(1, readable ? words : narrow);
  const [first, setFirst] = useState(0);
  const wanted = width > 0 ? windowStart(first, step, capacity, tokens) : first;
  if (wanted !== first) setFirst(wanted);
  const count = Math.max(0, Math.min(capacity, tokens - wanted));
  return { first: wanted, count, width: width / capacity };
}

function placeAfter({ layer, step }: Place, key: string, layers: number, tokens: number) {
  const cell = { row: layer, column: step };
  const next = cellAfter(cell, key, { rows: layers, columns: tokens, upwards: true });
  return next && { layer: next.row, step: next.column };
}

function readingOf(frames: readonly TokenFrame[], { layer, step }: Place): string {
  const words = logitLensWords;
  const row = frames[step]?.logitLens?.[layer];
  const said = row
    ? words.reading(visible(row.label), formatPercent(row.prob), formatCount(row.rank))
    : words.none;
  return `${words.cell(layer, step)}: ${said}`;
}
