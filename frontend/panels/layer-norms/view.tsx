"use client";

import { type KeyboardEvent, memo, useMemo, useState } from "react";
import { useStore } from "zustand";
import { LineBars, LineDots } from "@/components/charts/bars";
import { cellAfter } from "@/components/charts/grid-keys";
import { classNames } from "@/components/ui/class-names";
import { Select } from "@/components/ui/input";
import { Segmented } from "@/components/ui/segmented";
import { formatCount, formatMeasure } from "@/lib/i18n/numbers";
import {
  type Extent,
  isBusy,
  NORM_SERIES,
  type NormSeries,
  type RunRecord,
} from "@/lib/run/run-record";
import { indexTicks } from "@/lib/scales/nice";
import { linkedStore, oneOf } from "@/lib/url-state/linked-store";
import { useModelShape } from "@/panels/model-context";
import type { PanelProps } from "../panel";
import {
  type Axis,
  isDwarfed,
  type LayerScale,
  linearAxis,
  logAxis,
  SCALES,
  shareAxis,
  shareExtent,
  sharesOf,
} from "./scale";
import { words } from "./words";

export { layersTable as table } from "./table";

/** The selected kind of norm. */
const shownSeries = linkedStore<NormSeries>("norms", "mlpNorm", oneOf(NORM_SERIES));
const chooseSeries = (series: NormSeries) => shownSeries.setState(series);
/** The selected scale; "auto" selects one that shows all layers. */
const shownScale = linkedStore<LayerScale | "auto">(
  "norm-scale",
  "auto",
  oneOf(["auto", ...SCALES]),
);
/** With more rows than this, only some rows have their number and value. */
const MAX_LABELLED_ROWS = 14;

export default function LayerNorms({ frame, run }: PanelProps) {
  const series = useStore(shownSeries);
  const scale = useScale(run, series);
  const shown = useShown(run, frame, series, scale);
  const { layers } = useModelShape(run);
  return (
    <div className="flex h-full flex-col">
      <SeriesChoice series={series} onChange={chooseSeries} />
      {frame && !shown ? (
        <p className="flex-1 pt-4 text-quiet text-small">{words.notCaptured}</p>
      ) : (
        <Rows series={series} shown={shown} layers={layers} breathing={!shown && isBusy(run)} />
      )}
      {shown && <Foot scales={scalesOf(run, series)} shown={shown} />}
    </div>
  );
}

interface SeriesChoiceProps {
  series: NormSeries;
  onChange: (series: NormSeries) => void;
}

const SeriesChoice = memo(function SeriesChoice({ series, onChange }: SeriesChoiceProps) {
  return (
    <div className="mb-2 flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
      <Segmented
        label={words.seriesLabel}
        value={series}
        options={NORM_SERIES.map((value) => ({ value, label: words.series[value].name }))}
        onChange={onChange}
      />
      <span className="text-micro text-quiet">{words.series[series].hookPoint}</span>
    </div>
  );
});

/** Only the outputs of blocks can be compared with the stream. */
const canShare = (run: RunRecord, series: NormSeries): boolean =>
  series !== "residNorm" && run.domains.residNorm !== undefined;

const scalesOf = (run: RunRecord, series: NormSeries): readonly LayerScale[] =>
  SCALES.filter((scale) => scale !== "share" || canShare(run, series));

/**
 * Returns the selected scale. By default it is linear; if one layer dwarfs the others, it is
 * relative to the stream or logarithmic. The first token decides, so that it never changes.
 */
function useScale(run: RunRecord, series: NormSeries): LayerScale {
  const chosen = useStore(shownScale);
  const first = run.frames[run.kept.from]?.layers[series];
  const possible = canShare(run, series);
  const own = useMemo(() => {
    if (!first || !isDwarfed(first)) return "linear";
    return possible ? "share" : "log";
  }, [first, possible]);
  return chosen === "auto" || (chosen === "share" && !possible) ? own : chosen;
}

/** The values of a token, how they are drawn, and how they are written. */
interface Shown {
  readonly scale: LayerScale;
  readonly values: Float32Array;
  readonly extent: Extent;
  readonly axis: Axis;
  /** Says how long the axis has been the same. */
  readonly holds: string;
  /** Returns a value as it is written in a row. */
  readonly write: (value: number) => string;
  /** Returns all that is known of a row. */
  readonly reading: (row: number) => string;
}

function useShown(
  run: RunRecord,
  frame: PanelProps["frame"],
  series: NormSeries,
  scale: LayerScale,
): Shown | null {
  const { frames } = run;
  const count = frames.length;
  // biome-ignore-start lint/correctness/useExhaustiveDependencies: frames are appended in place
  const ofStream = useMemo(
    () => (scale === "share" ? shareExtent(frames, series) : undefined),
    [frames, count, series, scale],
  );
  const powers = useMemo(
    () => (scale === "log" ? logAxis(frames, series) : null),
    [frames, count, series, scale],
  );
  // biome-ignore-end lint/correctness/useExhaustiveDependencies: frames are appended in place
  const norms = frame?.layers[series];
  const extent = scale === "share" ? ofStream : run.extents[series];
  const domain = run.domains[series];
  if (!norms || !extent || !domain) return null;
  const stream = canShare(run, series) ? frame.layers.residNorm : undefined;
  const shares = stream && sharesOf(norms, stream);
  const name = (row: number) => nameOf(row, norms, series);
  return {
    scale,
    values: scale === "share" ? (shares ?? norms) : norms,
    extent,
    axis: powers ?? (scale === "share" ? shareAxis : linearAxis(domain.max)),
    holds: scale === "share" ? words.always : holding(powers?.since ?? domain.since),
    write: scale === "share" ? percent : measure,
    reading: (row) => words.reading(name(row), measure(norms[row]), shares && percent(shares[row])),
  };
}

const holding = (since: number): string => (since > 0 ? words.grew(since) : words.still);

const measure = (value: number | undefined): string =>
  Number.isFinite(value) ? formatMeasure(value) : words.absent;

const percent = (share: number | undefined): string =>
  Number.isFinite(share) ? `${formatMeasure((share ?? 0) * 100)}\u00a0%` : words.absent;

/**
 * Returns the name of a row. The residual stream has one row more than there are layers: the output
 * of the last layer.
 */
function nameOf(row: number, values: Float32Array, series: NormSeries): string {
  return series === "residNorm" && row === values.length - 1 ? words.final : String(row);
}

interface RowsProps {
  series: NormSeries;
  /** null before the first token. */
  shown: Shown | null;
  /** Number of layers that are drawn before the first token. */
  layers: number;
  breathing: boolean;
}

/** One row per layer, the first at the bottom, and the axis below them. */
function Rows({ series, shown, layers, breathing }: RowsProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const [said, setSaid] = useState("");
  const { values, axis, extent } = shown ?? placeholder(series, layers);
  const rows = values.length;
  const labelled = indexTicks(rows, MAX_LABELLED_ROWS);
  const largest = values.reduce(
    (best, value, row) => (value > (values[best] ?? 0) ? row : best),
    0,
  );
  const isWritten = (row: number) =>
    rows <= MAX_LABELLED_ROWS || row === largest || row === pointed;
  const upwards = Array.from(values.keys()).reverse();
  const walk = (event: KeyboardEvent) => {
    const from = pointed === null ? null : { row: pointed, column: 0 };
    const next = cellAfter(from, event.key, { rows, columns: 1, upwards: true });
    if (!next || !shown) return;
    event.preventDefault();
    setPointed(next.row);
    setSaid(shown.reading(next.row));
  };
  const track = "right-13 left-8 w-[calc(100%-5.25rem)]";
  const places = upwards.map((row) => axis.placeOf(values[row] ?? Number.NaN));
  const Marks = shown?.scale === "log" ? LineDots : LineBars;
  return (
    <>
      <div
        role="group"
        tabIndex={shown ? 0 : -1}
        onPointerLeave={() => setPointed(null)}
        onKeyDown={walk}
        onBlur={() => setPointed(null)}
        aria-label={shown ? summaryOf(shown, series) : words.howToRead}
        className={classNames(
          "contain-strict relative flex min-h-0 flex-1 basis-0 flex-col justify-around [container-type:size]",
          breathing && "breathing",
        )}
      >
        {upwards.map((row) => (
          <Row
            key={row}
            row={row}
            name={labelled.has(row) ? nameOf(row, values, series) : ""}
            reading={shown && isWritten(row) ? shown.write(values[row] ?? Number.NaN) : ""}
            low={axis.placeOf(extent.low[row] ?? Number.NaN)}
            high={axis.placeOf(extent.high[row] ?? Number.NaN)}
            pointed={row === pointed}
            onPoint={setPointed}
          />
        ))}
        <Marks
          shares={places}
          thickness={shown?.scale === "log" ? "0.5rem" : "0.875rem"}
          className={classNames("inset-y-0 h-full", track, shown ? "text-stream" : "text-rule")}
        />
        <div className={classNames("pointer-events-none absolute inset-y-0 h-full", track)}>
          {places.map((place, i) => place > 1 && <Beyond key={i} row={i} rows={rows} />)}
        </div>
        <span aria-live="polite" className="sr-only">
          {said}
        </span>
      </div>
      {shown && <AxisTicks shown={shown} />}
      <p className="h-4 truncate text-micro text-ink">{shown?.reading(pointed ?? largest)}</p>
    </>
  );
}

/** Bars of rising length, drawn before the first token. */
function placeholder(series: NormSeries, layers: number) {
  const rows = series === "residNorm" ? layers + 1 : layers;
  const values = Float32Array.from({ length: rows }, (_, row) => 0.3 + 0.5 * (row / rows) ** 1.5);
  return { values, axis: linearAxis(1), extent: { low: values, high: values } };
}

const summaryOf = ({ values, write }: Shown, series: NormSeries): string =>
  words.summary(
    words.series[series].name,
    [...values].map((value, row) => `${nameOf(row, values, series)}: ${write(value)}`).join(", "),
  );

/** A gap near the end of a bar that is longer than the axis. */
function Beyond({ row, rows }: { row: number; rows: number }) {
  return (
    <span
      className="absolute right-2.5 w-1 -skew-x-[20deg] bg-sheet"
      style={{ top: `${(row / rows) * 100}%`, height: `${100 / rows}%` }}
    />
  );
}

interface RowProps {
  row: number;
  name: string;
  reading: string;
  /** Where the range of the layer's values in this run begins and ends, from 0 to 1. */
  low: number;
  high: number;
  pointed: boolean;
  onPoint: (row: number | null) => void;
}

/** Shows a layer's name, the range of its values in this run, and its current value. */
const Row = memo(function Row({ row, name, reading, low, high, pointed, onPoint }: RowProps) {
  const from = within(low);
  const band = { left: `${from * 100}%`, width: `${(within(high) - from) * 100}%` };
  return (
    <div onPointerEnter={() => onPoint(row)} className="flex min-h-0 flex-1 items-center gap-2">
      <span className="figures w-6 shrink-0 text-right text-micro text-quiet leading-none">
        {name}
      </span>
      <span
        className={classNames(
          "relative h-full max-h-7 flex-1 overflow-hidden rounded-[2px]",
          pointed ? "bg-rule" : "bg-well/60",
        )}
      >
        <span className="absolute inset-y-0 bg-stream-soft" style={band} />
      </span>
      <span className="figures w-11 shrink-0 whitespace-nowrap text-right text-xs leading-none">
        {reading}
      </span>
    </div>
  );
});

const within = (place: number): number =>
  Number.isFinite(place) ? Math.max(0, Math.min(1, place)) : 0;

/** The labels below the rows. On the axis of shares they are percentages. */
const AxisTicks = memo(function AxisTicks({ shown: { axis, scale } }: { shown: Shown }) {
  return (
    <div aria-hidden className="figures relative mr-13 ml-8 h-5 text-micro text-quiet">
      {axis.ticks.map((tick) => (
        <span
          key={tick}
          className="absolute top-0.5 -translate-x-1/2 whitespace-nowrap before:absolute before:-top-0.5 before:left-1/2 before:h-1 before:w-px before:bg-edge"
          style={{ left: `${axis.placeOf(tick) * 100}%` }}
        >
          {scale === "share" ? `${Number((tick * 100).toPrecision(6))}` : labelOf(tick)}
        </span>
      ))}
      {scale === "share" && <span className="absolute top-0.5 left-full pl-4">%</span>}
    </div>
  );
});

const labelOf = (tick: number): string =>
  tick >= 1000 ? formatCount(tick) : String(Number(tick.toPrecision(6)));

interface FootProps {
  scales: readonly LayerScale[];
  shown: Shown;
}

function Foot({ scales, shown: { scale, holds } }: FootProps) {
  return (
    <p className="flex h-6 items-center justify-between gap-2 text-micro text-quiet">
      <Select
        aria-label={words.scaleLabel}
        className="h-6 w-auto px-1 text-micro"
        value={scale}
        onChange={(event) => shownScale.setState(event.target.value as LayerScale)}
      >
        {scales.map((each) => (
          <option key={each} value={each}>
            {words.scales[each]}
          </option>
        ))}
      </Select>
      <span className="truncate">{holds}</span>
    </p>
  );
}
