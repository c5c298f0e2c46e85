"use client";

import { useState } from "react";
import type { GridCell } from "@/components/charts/grid-keys";
import { Heatmap } from "@/components/charts/heatmap";
import { LayerScroll } from "@/components/charts/layer-scroll";
import { classNames } from "@/components/ui/class-names";
import { rampGradient } from "@/lib/colour/ramp";
import type { Matrix } from "@/lib/contract/frames";
import { formatNats, formatPercent } from "@/lib/i18n/numbers";
import { isBusy, promptLength, type RunRecord } from "@/lib/run/run-record";
import { indexTicks } from "@/lib/scales/nice";
import { useShownTheme } from "@/lib/theme/use-theme";
import { useModelShape } from "@/panels/model-context";
import type { PanelProps } from "../panel";
import { words } from "./words";

export { attentionTable as table } from "./table";

/** At most this many rows or columns are labelled. */
const MAX_LABELS = 16;
/** The least height of a layer in pixels, at which a cell can still be pointed at. */
const MIN_ROW = 6;

export default function AttentionEntropy({ frame, run }: PanelProps) {
  const [cell, setCell] = useState<GridCell | null>(null);
  const [walked, setWalked] = useState<GridCell | null>(null);
  const shape = useModelShape(run);
  const matrix = frame?.layers.attnEntropy;
  if (frame && !matrix) return <p className="pt-4 text-quiet text-small">{words.notCaptured}</p>;
  const max = fixedCeiling(run);
  const ceiling = frame?.layers.attnEntropyMax;
  const layers = matrix?.rows ?? shape.layers;
  return (
    <div className="flex h-full flex-col">
      <LayerScroll layers={layers} least={MIN_ROW} inView={walked?.row ?? null}>
        <span
          aria-hidden
          className="mr-1 w-4 shrink-0 rotate-180 text-center text-micro text-quiet [writing-mode:vertical-rl]"
        >
          {words.layer}
        </span>
        <div className="mr-1 w-4 shrink-0">
          <Ticks count={layers} upwards />
        </div>
        <div className="min-w-0 flex-1">
          {matrix ? (
            <Heatmap
              matrix={matrix}
              max={max}
              label={`${words.pictureLabel} ${summaryOf(matrix)}`}
              format={formatNats}
              sayCell={(at) => sayCell(matrix, at, ceiling)}
              cell={cell}
              onCell={setCell}
              onWalk={setWalked}
            />
          ) : (
            <Skeleton rows={shape.layers} columns={shape.heads} breathing={isBusy(run)} />
          )}
        </div>
      </LayerScroll>
      <div className="ml-10">
        <Ticks count={matrix?.columns ?? shape.heads} />
      </div>
      <p aria-hidden className="-mt-0.5 mb-1 text-center text-micro text-quiet leading-3">
        {words.head}
      </p>
      <Legend max={max} ceiling={ceiling} shown={matrix !== undefined} />
      <p className="flex h-5 justify-between gap-3 truncate pt-1 text-quiet text-xs tabular-nums">
        {matrix &&
          (cell ? sayCell(matrix, cell, ceiling) : <span data-export="skip">{words.choose}</span>)}
        {!cell && ceiling !== undefined && <span>{words.ceiling(formatNats(ceiling))}</span>}
      </p>
    </div>
  );
}

/**
 * Returns ln of the largest number of keys that the run can reach, where the colour scale ends
 * during the whole run.
 */
function fixedCeiling(run: RunRecord): number {
  const { start } = run;
  const keys = promptLength(run) + (start?.settings.max_new_tokens ?? 0);
  const context = start?.model.context ?? Number.POSITIVE_INFINITY;
  return Math.log(Math.max(2, Math.min(keys, context)));
}

function sayCell(matrix: Matrix, { row, column }: GridCell, ceiling: number | undefined): string {
  const value = matrix.values[row * matrix.columns + column] ?? Number.NaN;
  if (Number.isNaN(value)) return `${words.cell(row, column)}: ${words.absent}`;
  const share = ceiling ? `${formatPercent(value / ceiling)} %` : "–";
  return `${words.cell(row, column)}: ${words.value(formatNats(value), share)}`;
}

function summaryOf(matrix: Matrix): string {
  const { values, columns } = matrix;
  let low = -1;
  let high = -1;
  values.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    if (low < 0 || value < (values[low] ?? 0)) low = i;
    if (high < 0 || value > (values[high] ?? 0)) high = i;
  });
  if (low < 0) return "";
  const name = (i: number) =>
    `${words.cell(Math.floor(i / columns), i % columns)}: ${formatNats(values[i] ?? 0)}`;
  return words.summary(name(low), name(high));
}

interface TicksProps {
  count: number;
  /** Whether they stand above each other, the first at the bottom. */
  upwards?: boolean;
}

function Ticks({ count, upwards }: TicksProps) {
  const labelled = indexTicks(count, MAX_LABELS);
  return (
    <div
      aria-hidden
      className={classNames(
        "figures flex text-micro text-quiet leading-none",
        upwards ? "h-full flex-col-reverse" : "h-5",
      )}
    >
      {Array.from({ length: count }, (_, i) => (
        <span key={i} className="flex min-h-0 min-w-0 flex-1 items-center justify-center">
          {labelled.has(i) && i}
        </span>
      ))}
    </div>
  );
}

interface LegendProps {
  max: number;
  ceiling: number | undefined;
  shown: boolean;
}

/** The colour scale from 0 to the run's maximum, with a mark at the maximum of this token. */
function Legend({ max, ceiling, shown }: LegendProps) {
  const theme = useShownTheme();
  return (
    <div aria-hidden className="figures flex items-center gap-2 text-micro text-quiet">
      <span>0</span>
      <span className="relative h-2 flex-1">
        <span
          className={classNames("absolute inset-0 rounded-[2px]", !shown && "bg-well")}
          style={shown ? { background: rampGradient("attention", theme) } : undefined}
        />
        {ceiling !== undefined && (
          <span
            className="absolute -top-0.5 -bottom-0.5 w-0.5 bg-ink"
            style={{ left: `${Math.min(1, ceiling / max) * 100}%` }}
          />
        )}
      </span>
      <span className="w-8 text-right">{shown ? formatNats(max) : ""}</span>
    </div>
  );
}

interface SkeletonProps {
  rows: number;
  columns: number;
  breathing: boolean;
}

/** An empty grid; one element, because a large model has thousands of heads. */
function Skeleton({ rows, columns, breathing }: SkeletonProps) {
  const gap = "var(--sheet) 1px, transparent 1px";
  return (
    <div
      aria-hidden
      data-grid={`${rows}x${columns}`}
      style={{
        backgroundImage: `linear-gradient(to right, ${gap}), linear-gradient(to bottom, ${gap})`,
        backgroundSize: `${100 / columns}% 100%, 100% ${100 / rows}%`,
      }}
      className={classNames("h-full bg-rule/60", breathing && "breathing")}
    />
  );
}
