"use client";

import { Split } from "lucide-react";
import type { KeyboardEvent, ReactNode } from "react";
import { useFork } from "@/components/fork-context";
import { TokenLabel } from "@/components/token-label";
import { barX } from "@/components/ui/bar-style";
import { classNames } from "@/components/ui/class-names";
import type { Candidate } from "@/lib/contract";
import type { TokenFrame } from "@/lib/run/frames";
import { isBusy } from "@/lib/run/run-record";
import { text } from "@/lib/text/en";
import { formatMeasure, formatPercent, visible } from "@/lib/text/numbers";
import type { Panel, PanelProps } from "./panel";
import { predictionsTable } from "./tables";

const words = text.panels.predictions;
const SKELETON_SHARES = Array.from({ length: 20 }, (_, place) => 0.6 * 0.72 ** place);

function TopPredictions({ frame, run }: PanelProps) {
  const fork = useFork();
  if (!frame) return <Skeleton breathing={isBusy(run)} />;
  const said = frame.top.find(({ id }) => id === frame.id);
  // One stop of the tab key for all rows; the arrow keys move between them.
  const entry = frame.top.findIndex(({ id }) => id !== frame.id);
  return (
    <div className="flex h-full flex-col">
      <div
        className="scroll-thin contain-strict -mr-2 min-h-0 flex-1 basis-0 overflow-y-auto pr-2"
        tabIndex={0}
        role="group"
        aria-label={words.tableLabel}
      >
        <table className="w-full table-fixed border-separate border-spacing-0">
          <Head />
          <tbody onKeyDown={walkRows}>
            {frame.top.map((candidate, place) => (
              // The place, not the token: rows stay where they are and their bars move.
              <Row
                key={place}
                candidate={candidate}
                said={candidate.id === frame.id}
                reachable={place === entry}
                onFork={fork && (() => fork(frame.index, candidate))}
              />
            ))}
          </tbody>
        </table>
      </div>
      <p className="h-6 truncate pt-2 text-quiet text-xs">{!said && <Outside frame={frame} />}</p>
    </div>
  );
}

function Head() {
  const cell = "sticky top-0 z-10 bg-sheet pb-1.5 font-normal text-micro text-quiet";
  return (
    <thead>
      <tr>
        <th scope="col" className={classNames(cell, "w-24 text-left")}>
          {words.token}
        </th>
        <th scope="col" className={classNames(cell, "text-left")}>
          <span className="sr-only">{text.figures.probability}</span>
        </th>
        <th scope="col" className={classNames(cell, "w-12 text-right")}>
          {words.model} %
        </th>
        <th scope="col" className={classNames(cell, "w-16 text-right")}>
          {words.drawn} %
        </th>
        <th scope="col" className={classNames(cell, "w-11 text-right")}>
          {words.logit}
        </th>
      </tr>
    </thead>
  );
}

interface RowProps {
  candidate: Candidate;
  said: boolean;
  reachable: boolean;
  /** Go on with this token; null where nobody could. */
  onFork: (() => void) | null;
}

function Row({ candidate, said, reachable, onFork }: RowProps) {
  const { text: label, prob, sampled_prob: drawn, cut_by: cutBy, logit } = candidate;
  const name = (
    <TokenLabel
      label={label}
      className={classNames("truncate", said && "font-semibold", cutBy && "text-quiet")}
    />
  );
  const canFork = onFork && !said;
  return (
    <tr
      aria-current={said || undefined}
      className={classNames(
        said && "bg-accent-wash",
        canFork && "group relative hover:bg-well has-focus-visible:bg-well",
      )}
    >
      <th scope="row" className="h-[1.625rem] rounded-l pl-1.5 text-left font-normal">
        <span className="flex items-center gap-1">
          {canFork ? (
            <ForkButton label={label} reachable={reachable} onFork={onFork}>
              {name}
            </ForkButton>
          ) : (
            name
          )}
          {said && (
            <span title={words.chosen} className="text-accent text-micro">
              <span aria-hidden>◂</span>
              <span className="sr-only">{words.said}</span>
            </span>
          )}
        </span>
      </th>
      <td aria-hidden className="px-2">
        <Bars prob={prob} drawn={drawn} />
      </td>
      <td className="figures text-right text-xs">{formatPercent(prob)}</td>
      <td className="figures text-right text-xs">
        {cutBy ? <CutChip control={cutBy} /> : formatPercent(drawn)}
      </td>
      <td className="figures rounded-r pr-1.5 text-right text-quiet text-xs">
        {formatMeasure(logit)}
      </td>
    </tr>
  );
}

interface ForkButtonProps {
  label: string;
  reachable: boolean;
  onFork: () => void;
  children: ReactNode;
}

/** The token's name, and the whole row around it, as a button. */
function ForkButton({ label, reachable, onFork, children }: ForkButtonProps) {
  return (
    <button
      type="button"
      data-alternative
      tabIndex={reachable ? 0 : -1}
      aria-label={words.forkLabel(visible(label))}
      title={words.forkLabel(visible(label))}
      onClick={onFork}
      className="flex min-w-0 cursor-pointer items-center gap-1 after:absolute after:inset-0"
    >
      {children}
      <Split
        size={12}
        aria-hidden
        className="shrink-0 rotate-90 text-accent opacity-0 group-hover:opacity-100 group-has-focus-visible:opacity-100"
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

/** Both bars run from 0 to 100 %, at every step. */
function Bars({ prob, drawn }: { prob: number; drawn: number }) {
  return (
    <span className="relative block h-3.5 overflow-hidden rounded-[2px] bg-well">
      <span className="bar-x absolute inset-0 bg-data" style={barX(prob)} />
      <span className="bar-x absolute inset-x-0 bottom-0 h-1 bg-accent" style={barX(drawn)} />
    </span>
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
            <span className="bar-x block h-full rounded-[2px] bg-rule" style={barX(share)} />
          </span>
          <span className="ml-28 h-2.5 w-10 rounded-sm bg-well" />
        </div>
      ))}
    </div>
  );
}

export const topPredictionsPanel: Panel = {
  id: "top-predictions",
  get title() {
    return words.title;
  },
  get unit() {
    return words.unit;
  },
  get hookPoint() {
    return words.hookPoint;
  },
  get howToRead() {
    return words.howToRead;
  },
  get caution() {
    return words.caution;
  },
  captures: ["predictions"],
  open: true,
  table: predictionsTable,
  Component: TopPredictions,
};
