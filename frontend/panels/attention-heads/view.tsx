"use client";

import { type PointerEvent, useLayoutEffect, useRef, useState } from "react";
import type { GridCell } from "@/components/charts/grid-keys";
import { LayerScroll } from "@/components/charts/layer-scroll";
import { useElementSize } from "@/components/hooks/use-element-size";
import { classNames } from "@/components/ui/class-names";
import { rampGradient } from "@/lib/colour/ramp";
import type { Shares } from "@/lib/contract/frames";
import { usePixelRatio } from "@/lib/export/pixel-ratio";
import { formatPercent } from "@/lib/i18n/numbers";
import { contextLength, type RunRecord } from "@/lib/run/run-record";
import { indexTicks, niceMax } from "@/lib/scales/nice";
import { visible } from "@/lib/text/characters";
import { useShownTheme } from "@/lib/theme/use-theme";
import { type LeftOut, leavesOutFirst } from "@/panels/attention-shared/choice";
import { AttentionControls } from "@/panels/attention-shared/controls";
import {
  axesOf,
  fitting,
  numbersOf,
  type Reading,
  strongest,
} from "@/panels/attention-shared/pattern";
import { tokenAt } from "@/panels/attention-shared/run-tokens";
import { ScaleLegend } from "@/panels/attention-shared/scale-legend";
import {
  chooseReading,
  readingName,
  useAttentionChoice,
} from "@/panels/attention-shared/use-choice";
import { useGridCursor } from "@/panels/attention-shared/use-grid-cursor";
import { words as attentionWords } from "@/panels/attention-shared/words";
import { NotMeasured } from "@/panels/not-measured";
import type { PanelProps } from "../panel";
import { columnsOf, paintHeads } from "./heads-picture";
import { words as attentionHeadsWords } from "./words";

export { headsTable as table } from "./table";

/** The minimum height of a layer in pixels. If there is not enough room, the picture scrolls. */
const MIN_ROW = 7;

/** Shows the attention of every head to every position as a strip. */
export default function AttentionHeads({ run, frame }: PanelProps) {
  const shares = frame?.attentionRows;
  if (!shares) return <NotMeasured run={run} probe="attention_rows" />;
  return <Heads run={run} shares={shares} />;
}

function Heads({ run, shares }: { run: RunRecord; shares: Shares }) {
  const words = attentionHeadsWords;
  const theme = useShownTheme();
  const { layers, heads } = axesOf(shares);
  const [box, size] = useElementSize<HTMLDivElement>();
  const [most, setMost] = useState(1);
  const { reading, firstLeftOut } = useAttentionChoice();
  const chosen = fitting(reading, shares);
  const say = (cell: GridCell) => sayCell(run, shares, firstLeftOut, cell);
  const grid = { rows: layers, columns: heads + 1, upwards: true };
  const { cell, walked, setCell, said, onKeyDown } = useGridCursor(grid, say);
  const choose = (at: GridCell) => chooseReading(readingAt(at, heads));
  const at = (event: PointerEvent): GridCell => cellUnder(event, layers, heads);
  const span = spanOf(run, shares);
  const note = attentionWords.leftOutNotes[firstLeftOut];
  return (
    <div className="flex h-full flex-col">
      <AttentionControls shares={shares} />
      <HeadTicks heads={heads} width={size.width} />
      <LayerScroll layers={layers} least={MIN_ROW} inView={walked?.row ?? null}>
        <span
          aria-hidden
          className="w-4 shrink-0 rotate-180 text-center text-micro text-quiet [writing-mode:vertical-rl]"
        >
          {words.layer}
        </span>
        <LayerTicks layers={layers} />
        <div
          ref={box}
          role="group"
          tabIndex={0}
          aria-label={words.pictureLabel(words.chosen(readingName(chosen)))}
          onPointerMove={(event) => setCell(at(event))}
          onPointerLeave={() => setCell(null)}
          onClick={(event) => choose(at(event as unknown as PointerEvent))}
          onKeyDown={(event) => {
            if (event.key === "Enter" && cell) choose(cell);
            else onKeyDown(event);
          }}
          className="relative min-w-0 flex-1 cursor-pointer"
        >
          <Picture shares={shares} span={span} size={size} onBinned={setMost} />
          <Outline cell={cellOf(chosen, heads)} shares={shares} width={size.width} chosen />
          <Outline cell={cell} shares={shares} width={size.width} />
          <span aria-live="polite" className="sr-only">
            {said}
          </span>
        </div>
      </LayerScroll>
      <div className="pt-2 text-micro text-quiet">
        <p className="figures truncate text-ink">
          {cell ? say(cell) : words.chosen(readingName(chosen))}
        </p>
        <div className="flex flex-wrap items-end justify-between gap-x-4">
          <p className="min-h-8 min-w-0 flex-1 basis-44">
            {words.span(span - 1)}
            {note && ` · ${note}`}
            {most > 1 && ` · ${words.binned(most)}`}
          </p>
          <ScaleLegend gradient={rampGradient("attention", theme)} />
        </div>
      </div>
    </div>
  );
}

/** Pixels that the label of a head takes, and how many layers are labelled at most. */
const LABEL = { width: 18, layers: 16 };

interface PictureProps {
  shares: Shares;
  span: number;
  size: { width: number; height: number };
  onBinned: (most: number) => void;
}

function Picture({ shares, span, size, onBinned }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useShownTheme();
  const ratio = usePixelRatio();
  const { scale, firstLeftOut } = useAttentionChoice();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another size is another picture
  useLayoutEffect(() => {
    if (!canvas.current) return;
    onBinned(paintHeads(canvas.current, { shares, span, scale, firstLeftOut, theme, ratio }));
  }, [shares, span, scale, firstLeftOut, theme, ratio, size, onBinned]);
  return <canvas ref={canvas} aria-hidden className="absolute inset-0 size-full text-edge" />;
}

/**
 * Returns the number of positions that the strips span. It is a round number, so that it seldom
 * changes during a run.
 */
function spanOf(run: RunRecord, { shape }: Shares): number {
  const places = Math.max(shape[2] ?? 1, contextLength(run) - 1, 1);
  const context = run.start?.model.context ?? Number.POSITIVE_INFINITY;
  return Math.max(places, Math.min(niceMax(places), context));
}

const readingAt = ({ row, column }: GridCell, heads: number): Reading => ({
  layer: row,
  head: column === heads ? null : column,
});

const cellOf = ({ layer, head }: Reading, heads: number): GridCell | null =>
  layer === null ? null : { row: layer, column: head ?? heads };

function cellUnder(event: PointerEvent, layers: number, heads: number): GridCell {
  const box = event.currentTarget.getBoundingClientRect();
  const x = event.clientX - box.left;
  const row = Math.floor(((box.bottom - event.clientY) / Math.max(1, box.height)) * layers);
  const column = columnsOf(heads, box.width).findLastIndex(({ left }) => left <= x);
  return { row: Math.max(0, Math.min(layers - 1, row)), column: Math.max(0, column) };
}

function sayCell(run: RunRecord, shares: Shares, leftOut: LeftOut, cell: GridCell): string {
  const words = attentionWords;
  const reading = readingAt(cell, axesOf(shares).heads);
  const name = readingName(reading);
  const row = numbersOf(shares, reading);
  if (leavesOutFirst(leftOut, reading)) row[0] = Number.NaN;
  const top = strongest(row, 2).map((place) =>
    words.weight(visible(tokenAt(run, place)?.label ?? ""), formatPercent(row[place] ?? 0)),
  );
  return top.length > 0 ? attentionHeadsWords.cell(name, top.join(", ")) : `${name}: ${words.none}`;
}

interface OutlineProps {
  cell: GridCell | null;
  shares: Shares;
  width: number;
  chosen?: boolean;
}

function Outline({ cell, shares, width, chosen }: OutlineProps) {
  const { layers, heads } = axesOf(shares);
  const column = cell && columnsOf(heads, width)[cell.column];
  if (!column) return null;
  return (
    <span
      aria-hidden
      className={classNames(
        "pointer-events-none absolute rounded-[2px]",
        chosen ? "outline-2 outline-ink" : "outline-1 outline-ink",
      )}
      style={{
        left: column.left,
        width: column.width,
        bottom: `${(cell.row / layers) * 100}%`,
        height: `${100 / layers}%`,
      }}
    />
  );
}

function HeadTicks({ heads, width }: { heads: number; width: number }) {
  const words = attentionHeadsWords;
  const labelled = indexTicks(heads, Math.floor(width / LABEL.width) - 1);
  return (
    <div aria-hidden className="figures relative mb-0.5 ml-10 h-4 text-micro text-quiet">
      <span className="absolute right-full pr-1 font-sans">{words.head}</span>
      {columnsOf(heads, width).map(({ left, width: strip }, head) => (
        <span
          key={head}
          className="absolute whitespace-nowrap text-center"
          style={{ left, width: strip }}
        >
          {head === heads ? words.mean : labelled.has(head) && head}
        </span>
      ))}
    </div>
  );
}

function LayerTicks({ layers }: { layers: number }) {
  const labelled = indexTicks(layers, LABEL.layers);
  return (
    <div
      aria-hidden
      className="figures flex w-6 shrink-0 flex-col-reverse pr-1.5 text-right text-micro text-quiet leading-none"
    >
      {Array.from({ length: layers }, (_, layer) => (
        <span key={layer} className="flex min-h-0 flex-1 items-center justify-end">
          {labelled.has(layer) && layer}
        </span>
      ))}
    </div>
  );
}
