"use client";

import { useState } from "react";
import { type Cell, Heatmap } from "@/components/heatmap";
import { classNames } from "@/components/ui/class-names";
import { rampGradient } from "@/lib/colour/ramp";
import type { Matrix } from "@/lib/run/frames";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import { formatNats, formatPercent } from "@/lib/text/numbers";
import { useShownTheme } from "@/lib/theme/use-theme";
import { type PanelProps, worded } from "./panel";
import { attentionTable } from "./tables";

const words = text.panels.attention;
/** Label every row or column up to this many, and about this many beyond. */
const MAX_LABELS = 16;

function AttentionEntropy({ frame, run }: PanelProps) {
  const [cell, setCell] = useState<Cell | null>(null);
  const matrix = frame?.layers.attnEntropy;
  if (frame && !matrix) return <p className="pt-4 text-quiet text-small">{words.notCaptured}</p>;
  const max = fixedCeiling(run);
  const ceiling = frame?.layers.attnEntropyMax;
  return (
    <div className="flex h-full flex-col">
      <div className="grid min-h-0 flex-1 grid-cols-[1rem_1rem_minmax(0,1fr)] grid-rows-[minmax(0,1fr)_auto] gap-x-1">
        <span
          aria-hidden
          className="rotate-180 text-center text-micro text-quiet [writing-mode:vertical-rl]"
        >
          {words.layer}
        </span>
        <Ticks count={matrix?.rows ?? 6} vertical />
        <div className="min-h-0">
          {matrix ? (
            <Heatmap
              matrix={matrix}
              max={max}
              label={`${words.pictureLabel} ${summaryOf(matrix)}`}
              format={formatNats}
              sayCell={(at) => sayCell(matrix, at, ceiling)}
              cell={cell}
              onCell={setCell}
            />
          ) : (
            <Skeleton breathing={isBusy(run)} />
          )}
        </div>
        <div className="col-start-3">
          <Ticks count={matrix?.columns ?? 4} />
        </div>
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

/** ln of the most keys that the run can come to: the scale's end from the first token to the last. */
function fixedCeiling({ start, prompt }: RunRecord): number {
  const keys = (prompt?.tokens.length ?? 0) + (start?.settings.max_new_tokens ?? 0);
  const context = start?.model.context ?? Number.POSITIVE_INFINITY;
  return Math.log(Math.max(2, Math.min(keys, context)));
}

function sayCell(matrix: Matrix, { row, column }: Cell, ceiling: number | undefined): string {
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
  vertical?: boolean;
}

function Ticks({ count, vertical }: TicksProps) {
  const every = count <= MAX_LABELS ? 1 : Math.ceil(count / (MAX_LABELS / 2));
  return (
    <div
      aria-hidden
      className={classNames(
        "figures flex text-micro text-quiet leading-none",
        vertical ? "h-full flex-col" : "h-5",
      )}
    >
      {Array.from({ length: count }, (_, i) => (
        <span key={i} className="flex min-h-0 min-w-0 flex-1 items-center justify-center">
          {i % every === 0 ? i : ""}
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

/** The colours from 0 to the run's last ceiling, with a mark at the ceiling of this token. */
function Legend({ max, ceiling, shown }: LegendProps) {
  const theme = useShownTheme();
  return (
    <div aria-hidden className="figures flex items-center gap-2 text-micro text-quiet">
      <span>0</span>
      <span className="relative h-2 flex-1">
        <span
          className={classNames("absolute inset-0 rounded-[2px]", !shown && "bg-well")}
          style={shown ? { background: rampGradient(theme) } : undefined}
        />
        {ceiling !== undefined && (
          <span
            className="absolute -top-0.5 -bottom-0.5 w-0.5 bg-accent"
            style={{ left: `${Math.min(1, ceiling / max) * 100}%` }}
          />
        )}
      </span>
      <span className="w-8 text-right">{shown ? formatNats(max) : ""}</span>
    </div>
  );
}

function Skeleton({ breathing }: { breathing: boolean }) {
  return (
    <div
      aria-hidden
      className={classNames("grid h-full grid-cols-4 grid-rows-6 gap-px", breathing && "breathing")}
    >
      {Array.from({ length: 24 }, (_, i) => (
        <span key={i} className="bg-rule" style={{ opacity: 0.25 + ((i * 7) % 11) / 16 }} />
      ))}
    </div>
  );
}

export const attentionEntropyPanel = worded(words, {
  id: "attention-entropy",
  unit: () => words.unit,
  captures: ["attention_entropy"],
  open: true,
  table: attentionTable,
  Component: AttentionEntropy,
});
