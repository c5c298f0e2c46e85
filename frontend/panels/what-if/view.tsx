"use client";

import { useMemo } from "react";
import { useStore } from "zustand";
import { RowBars } from "@/components/charts/bars";
import { TokenLabel } from "@/components/tokens/token-label";
import { Button } from "@/components/ui/button";
import { classNames } from "@/components/ui/class-names";
import type { Candidate } from "@/lib/contract";
import { formatCount, formatPercent } from "@/lib/i18n/numbers";
import type { RunRecord } from "@/lib/run/run-record";
import { visible } from "@/lib/text/characters";
import { NotMeasured } from "../not-measured";
import type { PanelProps } from "../panel";
import { ControlSliders } from "./controls";
import { controlsOf, predictionOf } from "./prediction";
import { type Controls, type Outcome, sampledWith, TRIED, type Tried } from "./sampler";
import type { Range } from "./tail";
import { triedControls, tryNothing } from "./tried";
import { words } from "./words";

export { whatIfTable as table } from "./table";

/** The sampled probabilities of a token with other controls. */
export default function WhatIf({ run, step }: PanelProps) {
  const own = controlsOf(run);
  if (step < 0 || !own) return <NotMeasured run={run} probe="predictions" />;
  return <Trial run={run} step={step} own={own} />;
}

interface TrialProps {
  run: RunRecord;
  step: number;
  /** The controls of the run. */
  own: Controls;
}

function Trial({ run, step, own }: TrialProps) {
  const tried = useStore(triedControls);
  const controls = { ...own, ...tried };
  const { temperature, top_k, top_p, min_p } = controls;
  const prediction = useMemo(() => predictionOf(run, step), [run, step]);
  const outcome = useMemo(
    () => prediction && sampledWith(prediction, { temperature, top_k, top_p, min_p }),
    [prediction, temperature, top_k, top_p, min_p],
  );
  const changed = TRIED.some((name) => controls[name] !== own[name]);
  const frame = run.frames[step];
  if (!outcome || !prediction || !frame) return null;
  const vocabulary = prediction.edges.at(-1) ?? 0;
  return (
    <div className="flex h-full flex-col">
      <ControlSliders controls={controls} own={own} />
      <div className="mb-1 flex min-h-7 items-center justify-between gap-3">
        <p aria-live="polite" className="line-clamp-2 min-w-0 text-small leading-4">
          {headline(outcome, frame.top, frame.id)}
        </p>
        {changed && (
          <span data-export="skip" className="shrink-0">
            <Button className="h-7 px-2 text-xs" onClick={tryNothing}>
              {words.reset}
            </Button>
          </span>
        )}
      </div>
      <div className="contain-strict -mr-2 min-h-0 flex-1 basis-0">
        <Candidates candidates={frame.top} rows={outcome.rows} said={frame.id} />
        <Others
          count={vocabulary - frame.top.length}
          prob={outcome.rest}
          before={beyond(frame.top)}
        />
      </div>
      <p className="min-h-8 pt-1.5 text-micro text-quiet leading-4">{precision(outcome)}</p>
    </div>
  );
}

/** Says how many tokens are possible, and how the chosen one's probability changes. */
function headline({ rows, rest }: Outcome, candidates: readonly Candidate[], said: number): string {
  const stay = rows.filter(({ cutBy, decided }) => decided && cutBy === null).length;
  const some = formatCount(stay);
  const undecided = rest.high > 0 || rows.some(({ decided }) => !decided);
  const count = undecided ? words.atLeast(some) : words.possible(some);
  const place = candidates.findIndex(({ id }) => id === said);
  const [candidate, row] = [candidates[place], rows[place]];
  if (!candidate || !row) return count;
  const before = `${formatPercent(candidate.sampled_prob)} %`;
  const label = visible(candidate.text);
  return `${words.change(label, before, `${written(row.prob)} %`)} · ${count}`;
}

/** Formats a probability; with "≈" if its bounds differ in what is written. */
function written({ low, high }: Range): string {
  const middle = formatPercent((low + high) / 2);
  return formatPercent(low) === formatPercent(high) ? middle : `≈ ${middle}`;
}

/** Says how exact the probabilities are. */
function precision({ rows, rest }: Outcome): string {
  const widest = Math.max(...[...rows.map(({ prob }) => prob), rest].map(half));
  if (rest.high === 0 && widest < 1e-6) return words.exact;
  const points = widest * 100;
  return words.within(points < 0.01 ? "0.01" : points.toFixed(points < 1 ? 2 : 1));
}

const half = ({ low, high }: Range): number => (high - low) / 2;

/** Returns the probability of the tokens beyond the list in the run. */
function beyond(candidates: readonly Candidate[]): number {
  const rest = 1 - candidates.reduce((sum, { sampled_prob: prob }) => sum + prob, 0);
  // Probabilities travel in single precision, so their sum may differ from 1 by as much.
  return rest < 1e-6 ? 0 : rest;
}

interface CandidatesProps {
  candidates: readonly Candidate[];
  rows: readonly Tried[];
  said: number;
}

const COLUMNS = "grid grid-cols-[6rem_minmax(0,1fr)_3rem_5rem]";
const ROW_PX = 24;
/** The list ends with a whole row. Browsers without `round()` fill the room above the others. */
const WHOLE_ROWS = { maxHeight: "calc(1.25rem + round(down, 100% - 2.875rem, 1.5rem))" };

function Candidates({ candidates, rows, said }: CandidatesProps) {
  return (
    <div
      className="scroll-thin max-h-[calc(100%-1.625rem)] overflow-y-auto pr-2"
      style={WHOLE_ROWS}
      tabIndex={0}
      role="group"
      aria-label={words.list}
    >
      <div className="relative">
        <table className="block w-full">
          <Head />
          <tbody className="block">
            {candidates.map((candidate, place) => (
              <Row
                key={place}
                candidate={candidate}
                tried={rows[place]}
                said={candidate.id === said}
              />
            ))}
          </tbody>
        </table>
        <Bars
          ranges={rows.map(({ prob }) => prob)}
          before={candidates.map(({ sampled_prob: prob }) => prob)}
        />
      </div>
    </div>
  );
}

interface OthersProps {
  /** The number of tokens beyond the list. */
  count: number;
  prob: Range;
  /** Their probability in the run. */
  before: number;
}

/** All tokens beyond the list, below it. */
function Others({ count, prob, before }: OthersProps) {
  return (
    <div className="relative mr-2 border-rule border-t">
      <p className={classNames(COLUMNS, "h-6 items-center")}>
        <span className="truncate pl-1.5 text-quiet text-xs">
          {words.others(formatCount(count))}
        </span>
        <span aria-hidden className="px-2">
          <span className="block h-3.5 rounded-[2px] bg-well" />
        </span>
        <span className="figures text-right text-quiet text-xs">{formatPercent(before)}</span>
        <span className="figures pr-1.5 text-right text-xs">{written(prob)}</span>
      </p>
      <Bars ranges={[prob]} before={[before]} />
    </div>
  );
}

function Head() {
  const cell = "text-right font-normal";
  return (
    <thead className="sticky top-0 z-10 block bg-sheet pb-1 text-micro text-quiet leading-4">
      <tr className={COLUMNS}>
        <th scope="col" className="pl-1.5 text-left font-normal">
          {words.token}
        </th>
        <th scope="col">
          <span className="sr-only">{words.unit}</span>
        </th>
        <th scope="col" className={cell}>
          {words.run}
        </th>
        <th scope="col" className={classNames(cell, "pr-1.5")}>
          {words.now}
        </th>
      </tr>
    </thead>
  );
}

const Track = () => (
  <td aria-hidden className="px-2">
    <span className="block h-3.5 rounded-[2px] bg-well" />
  </td>
);

interface RowProps {
  candidate: Candidate;
  tried: Tried | undefined;
  said: boolean;
}

function Row({ candidate: { text, sampled_prob: before }, tried, said }: RowProps) {
  const isCut = tried?.decided === true && tried.cutBy !== null;
  return (
    <tr
      aria-current={said || undefined}
      className={classNames(COLUMNS, "h-6 items-center", said && "rounded bg-accent-wash")}
    >
      <th scope="row" className="flex min-w-0 items-center gap-1 pl-1.5 text-left font-normal">
        <TokenLabel
          label={text}
          className={classNames(
            "truncate leading-5",
            said && "font-semibold",
            isCut && "text-quiet [text-decoration:line-through]",
          )}
        />
        {said && (
          <span className="text-accent text-micro">
            <span aria-hidden>◂</span>
            <span className="sr-only">{words.said}</span>
          </span>
        )}
      </th>
      <Track />
      <td className="figures text-right text-quiet text-xs">{formatPercent(before)}</td>
      <td className="figures truncate pr-1.5 text-right text-xs">
        {tried && (tried.cutBy === null ? written(tried.prob) : <Cut tried={tried} />)}
      </td>
    </tr>
  );
}

/** The control that removes a candidate, or may remove it. */
function Cut({ tried: { cutBy, decided } }: { tried: Tried }) {
  const known: Readonly<Record<string, string>> = words.names;
  const name = known[cutBy ?? ""] ?? cutBy ?? "";
  const described = decided ? words.cut(name) : words.maybe(name);
  return (
    <span title={described} className="font-sans text-micro text-quiet">
      <span className="sr-only">{described}</span>
      <span aria-hidden>{decided ? name : `${name}?`}</span>
    </span>
  );
}

interface BarsProps {
  ranges: readonly Range[];
  /** The probabilities in the run. */
  before: readonly number[];
}

/** Solid up to the lower bound, pale up to the upper one; a line at the run's probability. */
function Bars({ ranges, before }: BarsProps) {
  const place = "inset-0 size-full";
  const bar = { from: 5 / ROW_PX, to: 19 / ROW_PX };
  return (
    <div
      aria-hidden
      className="pointer-events-none absolute bottom-0 left-26 w-[calc(100%-15rem)] overflow-hidden"
      style={{ height: `${(ranges.length * ROW_PX) / 16}rem` }}
    >
      <RowBars
        shares={ranges.map(({ high }) => high)}
        {...bar}
        className={classNames(place, "text-data-soft")}
      />
      <RowBars
        shares={ranges.map(({ low }) => low)}
        {...bar}
        className={classNames(place, "text-data")}
      />
      {before.map((share, row) => (
        <span
          key={row}
          className="absolute w-0.5 -translate-x-px bg-ink"
          style={{
            left: `${Math.min(1, share) * 100}%`,
            top: `${((row * ROW_PX + 3) / 16).toFixed(3)}rem`,
            height: `${18 / 16}rem`,
          }}
        />
      ))}
    </div>
  );
}
