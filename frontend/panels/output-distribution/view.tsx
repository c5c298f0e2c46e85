"use client";

import { type KeyboardEvent, memo, type PointerEvent, useMemo, useState } from "react";
import { cellAfter } from "@/components/charts/grid-keys";
import { classNames } from "@/components/ui/class-names";
import { formatCount, formatMeasure, formatPercent } from "@/lib/i18n/numbers";
import { isBusy } from "@/lib/run/run-record";
import type { PanelProps } from "../panel";
import {
  binAt,
  DECADES,
  groupsOf,
  placeOfProbability,
  placeOfRank,
  type RankBin,
  rankBins,
  stepPath,
} from "./ranks";
import { words } from "./words";

export { distributionTable as table } from "./table";

/** How strong the colour of each group of ranks is, in percent. */
const STRENGTHS = [100, 66, 42, 26, 14];

export default function OutputDistribution({ frame, run }: PanelProps) {
  const masses = frame?.distribution.rankBins;
  const edges = run.start?.rankBinEdges;
  const bins = useMemo(() => (masses && edges ? rankBins(masses, edges) : null), [masses, edges]);
  return (
    <div className="flex h-full flex-col">
      <Figures distribution={frame?.distribution} vocabulary={edges?.at(-1)} />
      <Shares bins={bins} breathing={!bins && isBusy(run)} />
      <Curve bins={bins} chosen={frame} />
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
    <dl className="mb-2.5 grid grid-cols-3 gap-2">
      {figures.map(({ name, value }) => (
        <div key={name} className="flex flex-col-reverse justify-end">
          <dt className="four-narrow:min-h-8 text-micro text-quiet">{name}</dt>
          <dd className="figures text-lg leading-6">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface SharesProps {
  bins: readonly RankBin[] | null;
  breathing: boolean;
}

/** All probability as one bar, divided into groups of ranks. */
function Shares({ bins, breathing }: SharesProps) {
  const groups = bins ? groupsOf(bins) : [];
  return (
    <div className="contain-layout contain-style mb-2">
      <div
        aria-hidden
        className={classNames("relative h-4 rounded-[2px] bg-well", breathing && "breathing")}
      >
        <svg
          aria-hidden="true"
          viewBox="0 0 1 1"
          preserveAspectRatio="none"
          className="bars absolute inset-0 size-full"
        >
          {groups.map(({ first, mass, sum }, i) => (
            <path key={first} d={`M${sum - mass} 0H${sum}V1H${sum - mass}Z`} fill={tint(i)} />
          ))}
        </svg>
      </div>
      <dl className="mt-1 flex min-h-8 flex-wrap justify-between gap-x-1">
        {groups.map(({ first, last, mass }, i) => (
          <div key={first}>
            <dt className="figures flex items-center gap-1 whitespace-nowrap text-[0.625rem] present:text-micro text-quiet leading-4">
              <span
                aria-hidden
                className="size-2 shrink-0 rounded-[1px]"
                style={{ background: tint(i) }}
              />
              {i === 0
                ? words.rank(first, last)
                : i === groups.length - 1
                  ? words.from(formatCount(first))
                  : words.range(first, last)}
            </dt>
            <dd className="figures whitespace-nowrap text-xs leading-4">{formatPercent(mass)} %</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

const tint = (group: number): string =>
  `color-mix(in oklab, var(--data) ${STRENGTHS[group] ?? 10}%, var(--well))`;

interface CurveProps {
  bins: readonly RankBin[] | null;
  /** The chosen token, which is marked. */
  chosen: PanelProps["frame"];
}

/**
 * The probability of a single token by its rank. Both axes are logarithmic and always the same, so
 * that the width of a bin has no influence on its height.
 */
function Curve({ bins, chosen }: CurveProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const [said, setSaid] = useState("");
  const vocabulary = (bins?.at(-1)?.last ?? 0) + 1;
  const shown = bins?.[pointed ?? 0];
  const point = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    if (bins) setPointed(binAt(bins, (event.clientX - box.left) / box.width));
  };
  const walk = (event: KeyboardEvent) => {
    const from = pointed === null ? null : { row: 0, column: pointed };
    const next = cellAfter(from, event.key, { rows: 1, columns: bins?.length ?? 0 });
    const bin = next && bins?.[next.column];
    if (!bin) return;
    event.preventDefault();
    setPointed(next.column);
    setSaid(readingOf(bin));
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div
        role="group"
        tabIndex={bins ? 0 : -1}
        aria-label={bins && chosen ? summaryOf(bins, chosen.entropy) : words.howToRead}
        onPointerMove={point}
        onPointerLeave={() => setPointed(null)}
        onBlur={() => setPointed(null)}
        onKeyDown={walk}
        className="contain-layout contain-style relative ml-11 min-h-0 flex-1"
      >
        <Grid />
        {bins && (
          <>
            {pointed !== null && shown && <Pointed bin={shown} vocabulary={vocabulary} />}
            <svg
              aria-hidden="true"
              viewBox="0 0 1 1"
              preserveAspectRatio="none"
              className="bars pointer-events-none absolute inset-0 size-full text-data"
            >
              <path
                d={stepPath(bins)}
                fill="none"
                stroke="currentColor"
                strokeWidth={2}
                strokeLinejoin="round"
                vectorEffect="non-scaling-stroke"
              />
            </svg>
            {chosen && <Chosen {...{ chosen, vocabulary }} />}
          </>
        )}
        <span aria-live="polite" className="sr-only">
          {said}
        </span>
      </div>
      <Axis vocabulary={vocabulary} />
      <p className="h-5 truncate pt-1 text-quiet text-xs tabular-nums">
        {shown && readingOf(shown)}
      </p>
    </div>
  );
}

const summaryOf = (bins: readonly RankBin[], entropy: number): string =>
  words.summary(`${formatPercent(bins[0]?.mass ?? 0)} %`, formatMeasure(entropy));

function readingOf({ first, last, mass, mean, sum }: RankBin): string {
  const total = `${formatPercent(mass)} %`;
  const cumulative = `${words.cumulative} ${formatPercent(sum)} %`;
  if (first === last) return `${words.rank(first, last)}: ${total}, ${cumulative}`;
  return `${words.rank(first, last)}: ${words.each(probability(mean))}, ${words.together(total)}, ${cumulative}`;
}

/** Formats a probability as a percentage with two significant digits, however small it is. */
const probability = (share: number): string => `${Number((share * 100).toPrecision(2))} %`;

const Grid = memo(function Grid() {
  return (
    <div aria-hidden className="absolute inset-0 text-micro text-quiet">
      {Array.from({ length: DECADES / 2 + 1 }, (_, i) => (
        <div
          key={i}
          className="absolute inset-x-0 border-rule border-t"
          style={{ top: `${placeOfProbability(10 ** (-2 * i)) * 100}%` }}
        >
          <span className="figures absolute right-full -translate-y-1/2 whitespace-nowrap pr-1.5 text-[0.625rem] present:text-micro">
            {LABELS[i]}
          </span>
        </div>
      ))}
    </div>
  );
});

/** Every second power of ten, as percentages. */
const LABELS = ["100 %", "1 %", "0.01 %", "10⁻⁴ %", "10⁻⁶ %", "10⁻⁸ %"];

function Pointed({ bin: { first, last }, vocabulary }: { bin: RankBin; vocabulary: number }) {
  const left = placeOfRank(first, vocabulary);
  return (
    <span
      aria-hidden
      className="absolute inset-y-0 bg-well"
      style={{
        left: `${left * 100}%`,
        width: `${(placeOfRank(last + 1, vocabulary) - left) * 100}%`,
      }}
    />
  );
}

interface ChosenProps {
  chosen: NonNullable<PanelProps["frame"]>;
  vocabulary: number;
}

/** A dot at the rank and the probability of the chosen token. */
function Chosen({ chosen: { rank, prob }, vocabulary }: ChosenProps) {
  const top = placeOfProbability(prob);
  if (top > 1) return null;
  return (
    <span
      title={words.chosen}
      className="absolute size-2.5 -translate-x-1/2 -translate-y-1/2 rounded-full bg-accent shadow-[0_0_0_2px_var(--sheet)]"
      style={{ left: `${placeOfRank(rank + 0.5, vocabulary) * 100}%`, top: `${top * 100}%` }}
    />
  );
}

const Axis = memo(function Axis({ vocabulary }: { vocabulary: number }) {
  const ticks = [0, 1, 10, 100, 1000, 10_000, 100_000].filter((rank) => rank * 2 < vocabulary);
  return (
    <div aria-hidden className="figures relative ml-11 h-5 text-micro text-quiet">
      {vocabulary > 1 &&
        ticks.map((rank) => (
          <span
            key={rank}
            className="absolute top-1 -translate-x-1/2"
            style={{ left: `${placeOfRank(rank + 0.5, vocabulary) * 100}%` }}
          >
            {formatCount(rank)}
          </span>
        ))}
      <span className="absolute top-1 -left-11 font-sans">{words.axis}</span>
    </div>
  );
});
