"use client";

import { X } from "lucide-react";
import { memo } from "react";
import type { Column } from "./columns";
import { HEIGHT, pathOf, strokeOf } from "./path";
import { sayValue } from "./scalar-names";
import { isLog, type Kind } from "./scalars";
import { tokenScale, valueScale } from "./trace";
import { words } from "./words";

export interface TrendLine {
  readonly id: string;
  readonly name: string;
  /** The layer and head; empty if the kind has none. */
  readonly place: string;
  readonly column: Column;
}

export interface Strip {
  readonly kind: Kind;
  readonly unit: string;
  readonly lines: readonly TrendLine[];
  readonly max: number;
  /** The token at which the scale last grew. */
  readonly since: number;
}

interface TrendStripProps {
  strip: Strip;
  /** The token whose values are shown. */
  step: number;
  width: number;
  room: number;
  onRemove: (id: string) => void;
}

/** All lines of one quantity on one scale. */
export function TrendStrip({ strip, step, width, room, onRemove }: TrendStripProps) {
  const { kind, lines, max, since, unit } = strip;
  const log = isLog(kind);
  const x = tokenScale({ width, room });
  const y = valueScale({ max, log, height: 100 });
  return (
    <div className="flex min-h-[4.5rem] flex-1 flex-col">
      <div className="pointer-events-none relative z-10 flex flex-wrap bg-sheet items-center gap-x-3 text-xs leading-5">
        <span>
          <span className="font-medium">{words.kinds[kind].name}</span>{" "}
          <span className="text-micro text-quiet">
            {unit}
            {log && `, ${words.log}`}
            {since > 0 && `, ${words.grew(since)}`}
          </span>
        </span>
        <span className="ml-auto flex flex-wrap justify-end gap-x-3">
          {lines.map((line, i) => (
            <LineLabel key={line.id} {...{ line, kind, step, onRemove }} stroke={strokeOf(i)} />
          ))}
        </span>
      </div>
      <div className="grid min-h-0 flex-1 grid-cols-[2.25rem_minmax(0,1fr)]">
        <span
          aria-hidden
          className="figures flex flex-col justify-between pr-1 text-right text-micro text-quiet leading-none"
        >
          <span>{kind === "prob" ? `${max * 100}%` : sayScale(max)}</span>
          <span>0</span>
        </span>
        <div
          role="img"
          aria-label={labelOf(strip)}
          className="relative border-rule border-y bg-well/35"
        >
          {width > 0 && (
            <Lines lines={lines} count={countOf(lines)} {...{ width, room, max, log }} />
          )}
          {lines.map(({ id, column }, i) => {
            const value = column.values[step];
            if (value === undefined || !Number.isFinite(value)) return null;
            return (
              <span
                key={id}
                aria-hidden
                className="absolute -mt-[3.5px] -ml-[3.5px] size-[7px] rounded-full border-[1.5px] border-sheet"
                style={{
                  left: x(step),
                  top: `${y(value)}%`,
                  background: strokeOf(i).colour,
                }}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

const countOf = (lines: readonly TrendLine[]) => lines[0]?.column.values.length ?? 0;

const sayScale = (max: number) =>
  max >= 10_000 ? `${Number((max / 1000).toPrecision(3))}k` : String(max);

interface LinesProps {
  lines: readonly TrendLine[];
  /** The number of tokens. The arrays are appended to in place, so their identity does not change. */
  count: number;
  width: number;
  room: number;
  max: number;
  log: boolean;
}

/** Rendered when values arrive, not when another token is selected. */
const Lines = memo(function Lines({ lines, width, room, max, log }: LinesProps) {
  return (
    <svg
      aria-hidden="true"
      className="absolute inset-0 size-full overflow-visible"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      preserveAspectRatio="none"
    >
      {lines.map(({ id, column: { values } }, i) => (
        <path
          key={id}
          d={pathOf({ values, width, room, max, log })}
          fill="none"
          stroke={strokeOf(i).colour}
          strokeWidth={values.length > 2 * width ? 0.75 : 1.5}
          strokeDasharray={strokeOf(i).dash}
          strokeLinecap="round"
          strokeLinejoin="round"
          vectorEffect="non-scaling-stroke"
        />
      ))}
    </svg>
  );
});

interface LineLabelProps {
  line: TrendLine;
  kind: Kind;
  step: number;
  stroke: ReturnType<typeof strokeOf>;
  onRemove: (id: string) => void;
}

function LineLabel({ line, kind, step, stroke, onRemove }: LineLabelProps) {
  const absent = line.column.lowest < 0 && line.column.values.length > 0;
  return (
    <span className="flex items-center gap-1">
      <svg aria-hidden="true" width={18} height={4} className="shrink-0">
        <path
          d="M1 2H17"
          stroke={stroke.colour}
          strokeWidth={2}
          strokeDasharray={stroke.dash}
          strokeLinecap="round"
        />
      </svg>
      {line.place && <span className="text-micro text-quiet">{line.place}</span>}
      <span className="figures min-w-9 text-right">
        {absent ? words.absent : sayValue(kind, line.column.values[step] ?? Number.NaN)}
      </span>
      <button
        type="button"
        aria-label={words.remove(line.name)}
        title={words.remove(line.name)}
        onClick={() => onRemove(line.id)}
        className="pointer-events-auto -my-1 flex size-6 cursor-pointer items-center justify-center rounded text-quiet hover:bg-well hover:text-ink"
      >
        <X size={12} aria-hidden />
      </button>
    </span>
  );
}

/** Describes the chart for screen readers. */
function labelOf({ kind, unit, lines }: Strip): string {
  return lines
    .map(({ name, column: { values, lowest, highest } }) => {
      const what = words.chart(name, unit, values.length);
      if (lowest < 0) return what;
      const say = (at: number) => sayValue(kind, values[at] ?? Number.NaN);
      return `${what} ${words.range(say(lowest), lowest, say(highest), highest)}`;
    })
    .join(" ");
}
