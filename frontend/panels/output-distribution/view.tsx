"use client";

import { memo, useState } from "react";
import { ColumnBars } from "@/components/charts/bars";
import { classNames } from "@/components/ui/class-names";
import { formatCount, formatMeasure, formatPercent } from "@/lib/i18n/numbers";
import { isBusy } from "@/lib/run/run-record";

import { indexTicks, ticksTo } from "@/lib/scales/nice";
import type { PanelProps } from "../panel";

import { words } from "./words";

/** At most this many columns are labelled. */
const MAX_LABELS = 5;
const SKELETON_SHARES = [0.55, 0.38, 0.3, 0.26, 0.2, 0.17, 0.14, 0.12, 0.1, 0.08];

export default function OutputDistribution({ frame, run }: PanelProps) {
  const bins = frame?.distribution.rankBins;
  const edges = run.start?.rankBinEdges ?? [];
  return (
    <div className="flex h-full flex-col">
      <Figures distribution={frame?.distribution} vocabulary={edges.at(-1)} />
      <Columns
        bins={bins}
        edges={edges}
        breathing={!bins && isBusy(run)}
        summary={
          frame && words.summary(`${formatPercent(bins?.[0] ?? 0)} %`, formatMeasure(frame.entropy))
        }
      />
    </div>
  );
}

interface FiguresProps {
  distribution: NonNullable<PanelProps["frame"]>["distribution"] | undefined;
  vocabulary: number | undefined;
}

function Figures({ distribution, vocabulary }: FiguresProps) {
  const figures = [
    { name: words.entropy, value: formatMeasure(distribution?.entropy) },
    { name: words.effective, value: formatMeasure(distribution?.effectiveTokens) },
    {
      name: vocabulary ? words.kept(formatCount(vocabulary)) : words.keptUnknown,
      value: distribution ? formatCount(distribution.kept) : "–",
    },
  ];
  return (
    <dl className="mb-3 grid grid-cols-3 gap-2">
      {figures.map(({ name, value }) => (
        <div key={name} className="flex flex-col-reverse">
          <dt className="four-narrow:min-h-8 text-micro text-quiet">{name}</dt>
          <dd className="figures text-lg leading-6">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface ColumnsProps {
  bins: Float32Array | undefined;
  edges: readonly number[];
  breathing: boolean;
  summary: string | undefined;
}

/** One column per rank bin. The axis is always 0 to 100 %. */
function Columns({ bins, edges, breathing, summary }: ColumnsProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const shares = bins
    ? [...bins]
    : Array.from({ length: 20 }, (_, i) => SKELETON_SHARES[i] ?? 0.05);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div
        className="contain-layout contain-style relative min-h-0 flex-1"
        role="img"
        aria-label={summary ?? words.howToRead}
      >
        <Grid />
        <div
          className={classNames("absolute inset-y-0 right-0 left-7 flex", breathing && "breathing")}
          onPointerLeave={() => setPointed(null)}
        >
          <ColumnBars
            shares={shares}
            from={0.06}
            to={0.94}
            className={classNames("inset-0 size-full", bins ? "text-data" : "text-rule/70")}
          />
          <PointedColumns count={shares.length} onPoint={setPointed} />
          {bins && <Cumulative bins={bins} />}
        </div>
      </div>
      <Axis edges={edges} count={shares.length} />
      <p className="h-5 pt-1 text-quiet text-xs">
        {bins && <Reading bins={bins} edges={edges} bin={pointed} />}
      </p>
    </div>
  );
}

interface PointedColumnsProps {
  count: number;
  onPoint: (bin: number) => void;
}

const PointedColumns = memo(function PointedColumns({ count, onPoint }: PointedColumnsProps) {
  return Array.from({ length: count }, (_, bin) => (
    <div key={bin} className="relative h-full flex-1" onPointerEnter={() => onPoint(bin)} />
  ));
});

const Grid = memo(function Grid() {
  return (
    <div aria-hidden className="absolute inset-0 text-micro text-quiet">
      {ticksTo(1, 2).map((share) => (
        <div
          key={share}
          className="absolute inset-x-0 border-rule border-t"
          style={{ top: `${(1 - share) * 100}%` }}
        >
          <span className="figures absolute left-0 -translate-y-1/2 bg-sheet pr-1">
            {share * 100}
          </span>
        </div>
      ))}
    </div>
  );
});

function Cumulative({ bins }: { bins: Float32Array }) {
  let sum = 0;
  const path = [...bins].map((share, bin) => {
    sum = Math.min(1, sum + share);
    return `${bin === 0 ? "M" : "L"}${bin} ${1 - sum}H${bin + 1}`;
  });
  return (
    <svg
      aria-hidden="true"
      className="pointer-events-none absolute inset-0 size-full overflow-visible text-quiet"
      viewBox={`0 0 ${bins.length} 1`}
      preserveAspectRatio="none"
    >
      <path
        d={path.join("")}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.25}
        strokeDasharray="3 2"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}

interface AxisProps {
  edges: readonly number[];
  count: number;
}

const Axis = memo(function Axis({ edges, count }: AxisProps) {
  const labelled = indexTicks(count, MAX_LABELS);
  return (
    <div aria-hidden className="figures relative ml-7 h-5 text-micro text-quiet">
      {edges.slice(0, count).map((edge, bin) =>
        labelled.has(bin) ? (
          <span
            key={edge}
            className="absolute top-1 -translate-x-1/2"
            style={{ left: `${((bin + 0.5) / count) * 100}%` }}
          >
            {formatCount(edge)}
          </span>
        ) : null,
      )}
      <span className="absolute top-1 -left-7 font-sans">{words.axis}</span>
    </div>
  );
});

interface ReadingProps {
  bins: Float32Array;
  edges: readonly number[];
  bin: number | null;
}

function Reading({ bins, edges, bin }: ReadingProps) {
  const shown = bin ?? 0;
  const sum = bins.slice(0, shown + 1).reduce((total, share) => total + share, 0);
  return (
    <span className="tabular-nums">
      {words.rank(edges[shown] ?? shown, (edges[shown + 1] ?? shown + 1) - 1)}:{" "}
      <span className="text-ink">{formatPercent(bins[shown] ?? 0)} %</span>, {words.cumulative}{" "}
      {formatPercent(Math.min(1, sum))} %
    </span>
  );
}
