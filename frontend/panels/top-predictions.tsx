"use client";

import { Split } from "lucide-react";
import { type KeyboardEvent, memo, type ReactNode, useState } from "react";
import { useFork } from "@/components/fork-context";
import { TokenLabel } from "@/components/token-label";
import { RowBars } from "@/components/ui/bars";
import { classNames } from "@/components/ui/class-names";
import { useElementSize } from "@/components/use-element-size";
import { useRested } from "@/components/use-rested";
import type { Candidate } from "@/lib/contract";
import type { TokenFrame } from "@/lib/run/frames";
import { isBusy } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import { formatMeasure, formatPercent, visible } from "@/lib/text/numbers";
import { type PanelProps, worded } from "./panel";
import { predictionsTable } from "./tables";

const words = text.panels.predictions;
/** Token, bars, and three figures; a grid, so that a row is laid out without the others. */
const COLUMNS = "grid grid-cols-[6rem_minmax(0,1fr)_3rem_4rem_2.75rem]";
/** 1.625rem, as drawn at the usual size of text. */
const ROW_PX = 26;
const SKELETON_SHARES = Array.from({ length: 20 }, (_, place) => 0.6 * 0.72 ** place);

function TopPredictions({ frame, run, live }: PanelProps) {
  if (!frame) return <Skeleton breathing={isBusy(run)} />;
  return <Predictions frame={frame} live={live} />;
}

interface PredictionsProps {
  frame: TokenFrame;
  live: boolean;
}

function Predictions({ frame, live }: PredictionsProps) {
  const [list, { height }] = useElementSize<HTMLDivElement>();
  const [scrolled, setScrolled] = useState(false);
  const rested = useRested(frame);
  const said = saidIn(frame);
  // While somebody scrubs, rows below the edge, half of all, wait until the tokens rest.
  const inSight = live || scrolled || height === 0 ? frame.top.length : Math.ceil(height / ROW_PX);
  return (
    <div className="flex h-full flex-col">
      <div
        ref={list}
        className="scroll-thin contain-strict -mr-2 min-h-0 flex-1 basis-0 overflow-y-auto pr-2"
        tabIndex={0}
        role="group"
        aria-label={words.tableLabel}
        onScroll={(event) => setScrolled(event.currentTarget.scrollTop > 0)}
      >
        <div className="relative isolate">
          {said >= 0 && <Said place={said} />}
          <table className="block w-full">
            <Head />
            <tbody className="block" onKeyDown={walkRows}>
              {frame.top.map((_, place) => (
                // The place, not the token: rows stay where they are and their bars move.
                <Row key={place} place={place} frame={place < inSight ? frame : rested} />
              ))}
            </tbody>
          </table>
          <Bars candidates={frame.top} />
        </div>
      </div>
      <p className="h-6 truncate pt-2 text-quiet text-xs">
        {said < 0 && <Outside frame={frame} />}
      </p>
    </div>
  );
}

/** Where in the list the token that was said stands; -1 outside of it. */
const saidIn = (frame: TokenFrame): number => frame.top.findIndex(({ id }) => id === frame.id);

const Head = memo(function Head() {
  return (
    <thead className="sticky top-0 z-10 block bg-sheet pb-1.5 text-micro text-quiet leading-4">
      <tr className={COLUMNS}>
        <th scope="col" className="text-left font-normal">
          {words.token}
        </th>
        <th scope="col">
          <span className="sr-only">{text.figures.probability}</span>
        </th>
        <th scope="col" className="text-right font-normal">
          {words.model} %
        </th>
        <th scope="col" className="text-right font-normal">
          {words.drawn} %
        </th>
        <th scope="col" className="text-right font-normal">
          {words.logit}
        </th>
      </tr>
    </thead>
  );
});

/** Where the token that was said stands in the list: one mark that moves, behind the rows. */
function Said({ place }: { place: number }) {
  return (
    <div
      aria-hidden
      className="absolute inset-x-0 top-[1.375rem] -z-10 h-[1.625rem] rounded bg-accent-wash pl-20 text-accent text-micro leading-[1.625rem]"
      style={{ transform: `translateY(${place * 1.625}rem)` }}
    >
      ◂
    </div>
  );
}

interface RowProps {
  frame: TokenFrame;
  place: number;
}

/** The elements of a row stay the same at every step: only their texts change, and who is said. */
const Row = memo(function Row({ frame, place }: RowProps) {
  const fork = useFork();
  const candidate = frame.top[place];
  if (!candidate) return null;
  const { text: label, prob, sampled_prob: drawn, cut_by: cutBy, logit } = candidate;
  const said = candidate.id === frame.id;
  const name = (
    <span className="block w-17 text-left">
      <span className="contain-strict block h-5 truncate leading-5">
        <TokenLabel label={label} className={said ? "font-semibold" : cutBy ? "text-quiet" : ""} />
        {said && <span className="sr-only">{words.said}</span>}
      </span>
    </span>
  );
  return (
    <tr
      aria-current={said || undefined}
      className={classNames(COLUMNS, "group relative h-[1.625rem] items-center")}
    >
      <th scope="row" className="pl-1.5 text-left font-normal">
        <span className="flex h-5 items-center gap-1">
          {fork ? (
            <ForkButton
              label={label}
              said={said}
              // One stop of the tab key for all rows; the arrow keys move between them.
              reachable={place === (saidIn(frame) === 0 ? 1 : 0)}
              onFork={() => fork(frame.index, candidate)}
            >
              {name}
            </ForkButton>
          ) : (
            name
          )}
        </span>
      </th>
      <td aria-hidden className="px-2">
        <span className="block h-3.5 rounded-[2px] bg-well" />
      </td>
      <td className="figures text-right text-xs">
        <Figure>{formatPercent(prob)}</Figure>
      </td>
      <td className="figures text-right text-xs">
        <Figure>{cutBy ? <CutChip control={cutBy} /> : formatPercent(drawn)}</Figure>
      </td>
      <td className="figures pr-1.5 text-right text-quiet text-xs">
        <Figure>{formatMeasure(logit)}</Figure>
      </td>
    </tr>
  );
});

interface ForkButtonProps {
  label: string;
  said: boolean;
  reachable: boolean;
  onFork: () => void;
  children: ReactNode;
}

/** The token's name, and the whole row around it, as a button; what was said is no alternative. */
function ForkButton({ label, said, reachable, onFork, children }: ForkButtonProps) {
  return (
    <button
      type="button"
      data-alternative={said ? undefined : ""}
      disabled={said}
      tabIndex={reachable ? 0 : -1}
      aria-label={said ? visible(label) : words.forkLabel(visible(label))}
      title={said ? words.chosen : words.forkHint}
      onClick={onFork}
      className="flex min-w-0 items-center gap-1 after:absolute after:inset-0 after:rounded enabled:group-hover:after:bg-data/10 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-data focus-visible:after:-outline-offset-2 enabled:cursor-pointer"
    >
      {children}
      <Split
        size={12}
        aria-hidden
        className="shrink-0 rotate-90 text-accent opacity-0 in-focus-visible:opacity-100 in-enabled:group-hover:opacity-100"
      />
    </button>
  );
}

function walkRows(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-alternative]")];
  const next = rows[rows.indexOf(event.target as HTMLElement) + step];
  event.preventDefault();
  next?.focus();
}

/** A room whose size is its own, so that a new number lays out nothing but itself. */
const Figure = ({ children }: { children: ReactNode }) => (
  <span className="contain-strict block h-4 leading-4">{children}</span>
);

/** Over the column of the bars; both kinds run from 0 to 100 % at every step. */
function Bars({ candidates }: { candidates: readonly Candidate[] }) {
  const place = "inset-0 size-full";
  return (
    <div
      aria-hidden
      className="pointer-events-none absolute top-[1.375rem] left-26 w-[calc(100%-16.75rem)] overflow-hidden rounded-[2px]"
      style={{ height: `${1.625 * candidates.length}rem` }}
    >
      <RowBars
        shares={candidates.map(({ prob }) => prob)}
        from={6 / ROW_PX}
        to={20 / ROW_PX}
        className={classNames(place, "text-data")}
      />
      <RowBars
        shares={candidates.map(({ sampled_prob: drawn }) => drawn)}
        from={16 / ROW_PX}
        to={20 / ROW_PX}
        className={classNames(place, "text-accent")}
      />
    </div>
  );
}

function CutChip({ control }: { control: string }) {
  const name = words.controls[control] ?? control;
  return (
    <span title={words.cutBy(name)} className="font-sans text-micro text-quiet">
      <span className="sr-only">{words.cutBy("")}</span>
      {name}
    </span>
  );
}

function Outside({ frame }: { frame: TokenFrame }) {
  return <>{words.outside(frame.label, frame.rank)}</>;
}

function Skeleton({ breathing }: { breathing: boolean }) {
  return (
    <div
      aria-hidden
      className={classNames(
        "flex h-full flex-col overflow-hidden pt-[1.375rem]",
        breathing && "breathing",
      )}
    >
      {SKELETON_SHARES.map((share) => (
        <div key={share} className="flex h-[1.625rem] shrink-0 items-center gap-2 pl-1.5">
          <span className="w-24">
            <span
              className="block h-2.5 rounded-sm bg-well"
              style={{ width: `${40 + share * 60}%` }}
            />
          </span>
          <span className="h-3.5 flex-1 rounded-[2px] bg-well">
            <span
              className="block h-full rounded-[2px] bg-rule"
              style={{ width: `${share * 100}%` }}
            />
          </span>
          <span className="ml-28 h-2.5 w-10 rounded-sm bg-well" />
        </div>
      ))}
    </div>
  );
}

export const topPredictionsPanel = worded(words, {
  id: "top-predictions",
  unit: () => words.unit,
  captures: ["predictions"],
  open: true,
  table: predictionsTable,
  Component: TopPredictions,
});
