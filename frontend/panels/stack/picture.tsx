"use client";

import { memo, Suspense } from "react";
import { classNames } from "@/components/ui/class-names";
import { formatPercent } from "@/lib/i18n/numbers";
import type { RunRecord } from "@/lib/run/run-record";
import { indexTicks } from "@/lib/scales/nice";
import { shortLabel } from "@/lib/text/characters";
import { LEAST_SHARE, type Sources } from "@/panels/attention-shared/sources";
import { lazyPart } from "@/panels/lazy-panel";
import { Candidates } from "./candidates";
import {
  type BandFacts,
  type Column,
  columnAt,
  factsOf,
  type HeadPlace,
  type Measured,
  shownSources,
} from "./facts";
import { LayerNames } from "./layer-names";
import { AT, type StackLayout, xOf, yOf } from "./layout";
import {
  arcPath,
  arcWidth,
  circlePath,
  dotOf,
  FAINT,
  RANKS,
  type RankClass,
  ribbonPaths,
} from "./paths";
import { CHARACTER, cut, PERCENT, tokenRoom } from "./picture-text";

/** Loaded where there is room for one column, such as on phones. */
const SingleColumn = lazyPart(() => import("./single-column"));

/** Loaded in a comparison. */
const Differences = lazyPart(() => import("./differences"));

/** The colours of the ribbon, by the rank of the chosen token in the lens. */
export const RANK_FILL: Record<RankClass, string> = {
  top: "fill-accent",
  near: "fill-accent/60",
  far: "fill-accent/30",
  lost: "fill-edge/45",
  unknown: "fill-edge/30",
};

interface PictureProps {
  run: RunRecord;
  step: number;
  layout: StackLayout;
  /** The size at which a ribbon has its largest width. */
  largest: number;
  /** Whether a pulse runs through the layers. */
  pulse: boolean;
  /** The distance from another run (DifferenceContext). */
  difference: Float32Array | null;
  /** The head whose arcs stand for those of its layer; null for the mean of every layer. */
  head: HeadPlace | null;
}

/** The model as a picture. Few elements, each with many shapes, so that scrubbing stays fast. */
export const Picture = memo(function Picture(props: PictureProps) {
  const { run, step, layout, largest, pulse, difference, head } = props;
  const frame = run.frames[step];
  const { places, bands } = layout;
  const columns = places.flatMap((place) =>
    place.kind === "token" ? [{ x: place.x, column: columnAt(run, place.position) }] : [],
  );
  const earlier = columns.slice(0, -1).map((each) => ({ ...each, facts: bandFacts(each.column) }));
  const facts = bands.map((band) => (frame ? factsOf(frame, band) : null));
  return (
    <svg aria-hidden="true" className="absolute inset-0 size-full" overflow="hidden">
      <Grid layout={layout} />
      {difference && (
        <Suspense>
          <Differences layout={layout} distances={difference} />
        </Suspense>
      )}
      <g className="opacity-45">
        <Ribbons layout={layout} columns={earlier} largest={largest} />
      </g>
      <Ribbons layout={layout} columns={[{ x: layout.x, facts }]} largest={largest} />
      <path d={dotsOf(layout, earlier, largest)} className="fill-stream/25" />
      {frame && layout.single && (
        <Suspense>
          <SingleColumn run={run} layout={layout} frame={frame} head={head} />
        </Suspense>
      )}
      {frame && <Arcs layout={layout} frame={frame} head={head} />}
      <path
        d={dotsOf(layout, [{ x: layout.x, facts }], largest)}
        className="fill-stream stroke-sheet"
        strokeWidth={1}
      />
      <Tokens layout={layout} columns={columns} drop={pulse ? step : null} />
      <Predictions layout={layout} facts={facts} chosen={frame?.id} />
      {frame && <Candidates layout={layout} frame={frame} />}
      {pulse && (
        <circle
          key={step}
          r={6 * layout.unit}
          cx={layout.x}
          cy={layout.bottom}
          className="stack-pulse fill-ink"
          style={{ "--stack-height": `${layout.top - layout.bottom}px` } as React.CSSProperties}
        />
      )}
    </svg>
  );

  function bandFacts({ frame: measured }: Column): (BandFacts | null)[] {
    return bands.map((band) => (measured ? factsOf(measured, band) : null));
  }
});

interface Drawn {
  readonly x: number;
  readonly facts: readonly (BandFacts | null)[];
}

interface ColumnsProps {
  layout: StackLayout;
  columns: readonly Drawn[];
  largest: number;
}

function Ribbons({ layout, columns, largest }: ColumnsProps) {
  const all = new Map<RankClass, string>();
  for (const { x, facts } of columns) {
    for (const [rank, path] of ribbonPaths(layout, x, facts, largest)) {
      all.set(rank, (all.get(rank) ?? "") + path);
    }
  }
  return (
    <>
      {RANKS.map((rank) => (
        <path key={rank} d={all.get(rank) ?? ""} className={RANK_FILL[rank]} />
      ))}
    </>
  );
}

function dotsOf(layout: StackLayout, columns: readonly Drawn[], largest: number): string {
  return columns
    .flatMap(({ x, facts }) =>
      facts.map((each, i) => {
        const dot = dotOf(layout, x, i, each, largest);
        return dot ? circlePath(dot.x, dot.y, dot.r) : "";
      }),
    )
    .join("");
}

function Grid({ layout }: { layout: StackLayout }) {
  const { bands, width, places, unit } = layout;
  const lines = bands.map((_, i) => `M${42 * unit} ${yOf(layout, i).toFixed(1)}H${width}`).join("");
  return (
    <>
      <path
        d={`${lines}M${42 * unit} ${layout.top}H${width}`}
        className="stroke-rule"
        fill="none"
      />
      <LayerNames layout={layout} />
      {places.map((place) =>
        place.kind === "gap" ? (
          <text
            key={place.first}
            x={place.x}
            y={layout.bottom + 17 * layout.unit}
            textAnchor="middle"
            className="fill-quiet text-small"
          >
            …
          </text>
        ) : null,
      )}
    </>
  );
}

interface ArcsProps {
  layout: StackLayout;
  frame: Measured;
  head: HeadPlace | null;
}

/** The arcs of each band; with a chosen head those of its layer are its own, the others faint. */
function Arcs({ layout, frame, head }: ArcsProps) {
  return (
    <>
      {layout.bands.map((band, i) => {
        const { sources, isFaint } = shownSources(frame, band, head);
        if (!sources) return null;
        return (
          <g key={band.first} opacity={isFaint ? FAINT : 1}>
            {!layout.single && <BandArcs layout={layout} index={i} sources={sources} />}
            {/* Where the arcs end. */}
            <circle
              cx={layout.x}
              cy={yOf(layout, i, AT.attention)}
              r={Math.min(4.5 * layout.unit, layout.bandHeight * 0.2)}
              className="fill-attention stroke-sheet"
              strokeWidth={1.5}
            />
          </g>
        );
      })}
    </>
  );
}

interface BandArcsProps {
  layout: StackLayout;
  index: number;
  sources: Sources;
}

function BandArcs({ layout, index, sources }: BandArcsProps) {
  const sink = sources.first >= LEAST_SHARE && xOf(layout, 0) !== layout.x;
  return (
    <>
      {sink && (
        <path
          d={arcPath(layout, index, { position: 0, share: sources.first }) ?? ""}
          fill="none"
          className="stroke-edge/60"
          strokeWidth={1.25}
          strokeDasharray="2 4"
        />
      )}
      {sources.others.map((source) => (
        <path
          key={source.position}
          d={arcPath(layout, index, source) ?? ""}
          fill="none"
          strokeLinecap="round"
          strokeWidth={arcWidth(source.share)}
          className="stroke-attention"
          opacity={0.85}
        />
      ))}
    </>
  );
}

interface TokensProps {
  layout: StackLayout;
  columns: readonly { readonly x: number; readonly column: Column }[];
  /** The step whose last token drops from the candidates to its place; null if none does. */
  drop: number | null;
}

function Tokens({ layout, columns, drop }: TokensProps) {
  return (
    <>
      {columns.map(({ x, column }) => (
        <text
          key={x === layout.x && drop !== null ? `drop ${drop}` : column.position}
          x={x}
          y={layout.bottom + 17 * layout.unit}
          textAnchor="middle"
          className={classNames(
            "font-serif text-[0.9375rem]",
            x === layout.x ? "fill-ink font-semibold" : "fill-quiet",
            x === layout.x && drop !== null && "stack-drop",
          )}
          style={{ "--stack-height": `${layout.top - layout.bottom}px` } as React.CSSProperties}
        >
          {cut(shortLabel(column.label), tokenRoom(layout))}
        </text>
      ))}
    </>
  );
}

interface PredictionsProps {
  layout: StackLayout;
  facts: readonly (BandFacts | null)[];
  chosen: number | undefined;
}

/** What each layer would predict, right of the shown column. */
function Predictions({ layout, facts, chosen }: PredictionsProps) {
  const { unit } = layout;
  const x = layout.x + layout.columnWidth / 2 + 14 * unit;
  const room = Math.floor((layout.width - x - PERCENT * unit) / (CHARACTER.small * unit));
  const rows = Math.floor((layout.bottom - layout.top) / (15 * unit));
  const labelled = indexTicks(facts.length, rows);
  return (
    <>
      {facts.map((each, i) => {
        const lens = each?.lens;
        if (!lens || (!labelled.has(i) && i !== facts.length - 1)) return null;
        const same = facts[i - 1]?.lens?.id === lens.id;
        return (
          <text
            key={i}
            x={x}
            y={yOf(layout, i, 0.5)}
            dominantBaseline="central"
            className={classNames(
              "text-xs",
              lens.id === chosen ? "fill-accent-strong" : same ? "fill-quiet" : "fill-ink",
            )}
          >
            {cut(shortLabel(lens.label), Math.max(3, room))}
            <tspan className="figures fill-quiet text-micro" dx={6 * unit}>
              {formatPercent(lens.prob)}
              {"\u00a0%"}
            </tspan>
          </text>
        );
      })}
    </>
  );
}
