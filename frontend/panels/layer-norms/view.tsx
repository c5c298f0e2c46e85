"use client";

import { memo, useState } from "react";
import { useStore } from "zustand";
import { LineBars } from "@/components/charts/bars";
import { classNames } from "@/components/ui/class-names";
import { Segmented } from "@/components/ui/segmented";
import { formatMeasure } from "@/lib/i18n/numbers";
import { type Extent, isBusy, NORM_SERIES, type NormSeries } from "@/lib/run/run-record";
import { indexTicks } from "@/lib/scales/nice";
import { linkedStore, oneOf } from "@/lib/url-state/linked-store";
import type { PanelProps } from "../panel";
import { words } from "./words";

const SKELETON = Float32Array.from([0.3, 0.35, 0.42, 0.5, 0.62, 0.8]);
/** The selected kind of norm. */
const shownSeries = linkedStore<NormSeries>("norms", "mlpNorm", oneOf(NORM_SERIES));
const chooseSeries = (series: NormSeries) => shownSeries.setState(series);
/** With more rows than this, only the number of the pointed row is shown, below the rows. */
const MAX_LABELLED_ROWS = 14;

export default function LayerNorms({ frame, run, step }: PanelProps) {
  const series = useStore(shownSeries);
  const [pointed, setPointed] = useState<number | null>(null);
  const values = frame?.layers[series];
  const domain = run.domains[series];
  return (
    <div className="flex h-full flex-col">
      <SeriesChoice series={series} onChange={chooseSeries} />
      {frame && !values ? (
        <p className="flex-1 pt-4 text-quiet text-small">{words.notCaptured}</p>
      ) : (
        <Rows
          values={values ?? SKELETON}
          max={values ? (domain?.max ?? 1) : 1}
          extent={values ? run.extents[series] : undefined}
          series={series}
          skeleton={!values}
          breathing={!values && isBusy(run)}
          onPoint={setPointed}
        />
      )}
      <p className="flex h-5 items-end justify-between text-micro text-quiet">
        {domain && step >= 0 && (
          <>
            <span>
              {pointed === null || !values
                ? words.scale(formatMeasure(domain.max))
                : words.reading(nameOf(pointed, values, series), formatMeasure(values[pointed]))}
            </span>
            <span>{domain.since > 0 ? words.grew(domain.since) : words.still}</span>
          </>
        )}
      </p>
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

/**
 * Returns the name of a row. The residual stream has one row more than there are layers: the output
 * of the last layer.
 */
function nameOf(row: number, values: Float32Array, series: NormSeries): string {
  return series === "residNorm" && row === values.length - 1 ? words.final : String(row);
}

interface RowsProps {
  values: Float32Array;
  max: number;
  extent: Extent | undefined;
  series: NormSeries;
  skeleton: boolean;
  breathing: boolean;
  onPoint: (row: number | null) => void;
}

function Rows(props: RowsProps) {
  const { values, max, extent, series, skeleton, breathing, onPoint } = props;
  const layers = [...values];
  const written = layers.length <= MAX_LABELLED_ROWS;
  const labelled = indexTicks(layers.length, MAX_LABELLED_ROWS);
  const summary = words.summary(
    words.series[series].name,
    layers
      .map((value, row) => `${nameOf(row, values, series)}: ${formatMeasure(value)}`)
      .join(", "),
  );
  return (
    <div
      role="img"
      onPointerLeave={() => onPoint(null)}
      aria-label={skeleton ? words.howToRead : summary}
      className={classNames(
        "contain-strict relative flex min-h-0 flex-1 basis-0 flex-col justify-around [container-type:size]",
        breathing && "breathing",
      )}
    >
      {layers.map((value, row) => (
        <Row
          key={row}
          row={row}
          name={labelled.has(row) ? nameOf(row, values, series) : ""}
          reading={written && !skeleton ? readingOf(value) : ""}
          low={(extent?.low[row] ?? 0) / max}
          high={(extent?.high[row] ?? 0) / max}
          onPoint={onPoint}
        />
      ))}
      <LineBars
        shares={layers.map((value) => value / max)}
        thickness="0.875rem"
        className={classNames(
          "inset-y-0 right-13 left-8 h-full w-[calc(100%-5.25rem)]",
          skeleton ? "text-rule" : "text-data",
        )}
      />
    </div>
  );
}

const readingOf = (value: number): string =>
  Number.isNaN(value) ? words.absent : formatMeasure(value);

interface RowProps {
  row: number;
  name: string;
  reading: string;
  /** The range of the layer's values in this run, as fractions of the scale. */
  low: number;
  high: number;
  onPoint: (row: number | null) => void;
}

/** Shows a layer's name, the range of its values in this run, and its current value. */
const Row = memo(function Row({ row, name, reading, low, high, onPoint }: RowProps) {
  const band = { left: `${low * 100}%`, width: `${Math.max(0, high - low) * 100}%` };
  return (
    <div onPointerEnter={() => onPoint(row)} className="flex min-h-0 flex-1 items-center gap-2">
      <span className="figures w-6 shrink-0 text-right text-micro text-quiet leading-none">
        {name}
      </span>
      <span className="relative h-full max-h-7 flex-1 overflow-hidden rounded-[2px] bg-well/60">
        <span className="absolute inset-y-0 bg-data-soft" style={band} />
      </span>
      <span className="figures w-11 shrink-0 text-right text-xs leading-none">{reading}</span>
    </div>
  );
});
