"use client";

import { type ReactNode, useState } from "react";
import { words as tokensWords } from "@/components/tokens/words";
import { classNames } from "@/components/ui/class-names";
import { FollowButton } from "@/components/ui/follow-button";
import { words as timelineWords } from "@/features/timeline/words";
import type { Common, Divergence, Summary } from "@/lib/contract/parse-compare-event";
import { DivergenceChart } from "./divergence-chart";
import { DivergenceFigures } from "./divergence-figures";
import { formatDivergence } from "./format";
import { agreementOf, firstDifference, lengthOf, type Records, restingStep } from "./pair";
import { SidePanels, SideTexts } from "./side-panels";
import { words as compareWords } from "./words";

interface PairViewProps {
  records: Records;
  divergences: readonly Divergence[];
  common: Common | null;
  summary: Summary | null;
  going: boolean;
  /** Whether both runs were computed in one comparison, so that divergences exist. */
  measured: boolean;
  onPanels: () => void;
  children?: ReactNode;
}

/** Two runs at the same step: texts, divergence, and every open panel for both. */
export function PairView(props: PairViewProps) {
  const { records, divergences, common, measured, going } = props;
  const [selected, setSelected] = useState<number | null>(null);
  const last = lengthOf(records) - 1;
  const chosen = selected ?? (going ? null : restingStep(records, divergences));
  const step = Math.min(chosen ?? Number.POSITIVE_INFINITY, last);
  const shown = { records, step, live: chosen === null, onStep: setSelected };
  return (
    <>
      <section
        aria-label={compareWords.overview}
        data-terms
        className="relative bg-sheet px-5 pt-2.5 pb-3"
      >
        <div className="mb-2 flex min-h-8 flex-wrap items-center justify-between gap-x-5 gap-y-1">
          <Overview {...props} />
          <div className="flex items-center gap-1">
            <span className="figures text-quiet text-xs">
              {last < 0 ? timelineWords.steps.none : timelineWords.steps.at(step, last)}
            </span>
            {going && (
              <FollowButton
                label={timelineWords.steps.live}
                hint={timelineWords.steps.liveHint}
                following={shown.live}
                disabled={last < 0}
                onClick={() => setSelected(null)}
                className="h-7"
              />
            )}
          </div>
        </div>
        <DivergenceChart
          records={records}
          divergences={divergences}
          step={step}
          measured={measured}
          onStep={setSelected}
        />
        {measured && (
          <p className="mt-1 max-w-[90ch] text-quiet text-xs">{compareWords.chart.howToRead}</p>
        )}
        {props.children}
      </section>
      <SideTexts {...shown} />
      {measured && (
        <DivergenceFigures
          divergence={divergences[step]}
          divergences={divergences}
          common={common}
        />
      )}
      <SidePanels
        {...shown}
        measured={measured}
        divergence={divergences[step]}
        onPanels={props.onPanels}
      />
    </>
  );
}

function Overview({ records, divergences, summary, going, measured }: PairViewProps) {
  const words = compareWords;
  const facts = factsOf(records, measured ? divergences : []);
  return (
    <div className="flex flex-wrap items-center gap-x-5 gap-y-0.5">
      <p role="status" className="flex items-center gap-2 font-medium text-small">
        <span
          aria-hidden
          className={classNames(
            "size-2 rounded-full",
            going ? "breathing bg-ink" : summary || !measured ? "bg-ink" : "bg-edge",
          )}
        />
        {going ? words.going : summary ? words.done : measured ? words.ended : words.beside}
      </p>
      <dl className="flex flex-wrap items-baseline gap-x-4 text-xs">
        {facts.map(([name, value]) => (
          <div key={name} className="flex items-baseline gap-1.5">
            <dt className="text-quiet">{name}</dt>
            <dd className="figures text-ink">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** The figures of the whole comparison, with the number of tokens that they are about. */
function factsOf(records: Records, divergences: readonly Divergence[]): [string, string][] {
  const words = compareWords;
  const difference = firstDifference(records);
  const { both, compared, meanKl, klTokens, sameTop } = agreementOf(divergences);
  const facts: [string, string][] = [];
  if (lengthOf(records) > 0) {
    const where = difference === null ? words.noDifference : words.at(difference);
    facts.push([words.firstDifference, where]);
  }
  if (meanKl === null && sameTop === null) return facts;
  const until = difference === null ? words.compared : words.comparedUntil;
  facts.push([until, words.tokensOf(compared, both)]);
  if (meanKl !== null) {
    facts.push([words.meanKl(klTokens), `${formatDivergence(meanKl)} ${tokensWords.nats}`]);
  }
  if (sameTop !== null) facts.push([words.sameTop, words.countOf(sameTop, compared)]);
  return facts;
}
