"use client";

import { useState } from "react";
import { NotMeasured } from "@/components/not-measured";
import { TokenLabel } from "@/components/token-label";
import { classNames } from "@/components/ui/class-names";
import type { SamplerStage } from "@/lib/contract";
import type { TokenFrame } from "@/lib/run/frames";
import type { RunRecord } from "@/lib/run/run-record";
import { type Flow, type Others, waterfallOf, withoutStage } from "@/lib/sampler/waterfall";
import { text } from "@/lib/text";
import { formatCount, formatPercent } from "@/lib/text/numbers";
import type { PanelProps } from "./panel";

/** Changes of less are told as none: half of the last digit that is shown. */
const STILL = 0.0005;

/** What each sampling control made of the candidates, one column after the other. */
export default function SamplerWaterfall({ run, frame }: PanelProps) {
  if (!frame?.samplerStages) return <NotMeasured run={run} probe="sampler_stages" />;
  return <Waterfall run={run} frame={frame} stages={frame.samplerStages} />;
}

interface WaterfallProps {
  run: RunRecord;
  frame: TokenFrame;
  stages: readonly SamplerStage[];
}

function Waterfall({ run, frame, stages }: WaterfallProps) {
  const words = text.panels.waterfall;
  const vocabulary = run.start?.rankBinEdges.at(-1) ?? 0;
  const { flows, others } = waterfallOf(frame, stages, vocabulary);
  const [pointed, setPointed] = useState<number | null>(null);
  const columns = stages.length + 1;
  return (
    <div className="flex h-full flex-col">
      <div
        role="group"
        tabIndex={0}
        aria-label={words.tableLabel}
        className="scroll-thin relative -mr-2 min-h-0 flex-1 overflow-auto pr-2"
      >
        <table
          className="w-full table-fixed border-separate border-spacing-0"
          style={{ minWidth: `${6.5 + columns * 5.25}rem` }}
          onPointerLeave={() => setPointed(null)}
        >
          <Head stages={stages} vocabulary={vocabulary} onPoint={setPointed} />
          <tbody>
            {flows.map((flow, place) => (
              // The place, not the token: rows stay where they are and their bars move.
              <Row key={place} flow={flow} stages={stages} forced={frame.forced} />
            ))}
            <OthersRow others={others} />
          </tbody>
        </table>
      </div>
      <Foot run={run} frame={frame} stages={stages} pointed={pointed} />
    </div>
  );
}

interface HeadProps {
  stages: readonly SamplerStage[];
  vocabulary: number;
  onPoint: (column: number | null) => void;
}

function Head({ stages, vocabulary, onPoint }: HeadProps) {
  const words = text.panels.waterfall;
  const cell = "sticky top-0 bg-sheet pb-2 align-bottom font-normal text-left text-micro";
  return (
    <thead>
      <tr>
        <th scope="col" className={classNames(cell, "left-0 z-20 w-26 text-quiet")}>
          {words.token}
        </th>
        {[null, ...stages].map((stage, column) => (
          <th
            key={stage?.control ?? "raw"}
            scope="col"
            title={tellsOf(stage)}
            onPointerEnter={() => onPoint(column)}
            className={classNames(cell, "z-10 border-rule border-l pl-2")}
          >
            <span className="block font-medium text-ink leading-tight">
              {stage ? nameOf(stage) : words.raw}
            </span>
            <span className="figures block text-quiet">
              {words.left(formatCount(stage?.kept ?? vocabulary))}
            </span>
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Row({ flow, stages, forced }: RowProps) {
  const words = text.panels.waterfall;
  const { label, said, probs, cutAt } = flow;
  const ground = said ? "bg-accent-wash" : "bg-sheet";
  return (
    <tr aria-current={said || undefined}>
      <th
        scope="row"
        className={classNames("sticky left-0 z-10 h-7 text-left font-normal", ground)}
      >
        <span className="flex items-center gap-1 pl-1.5">
          <TokenLabel
            label={label}
            className={classNames("truncate", said && "font-semibold", cutAt > 0 && "text-quiet")}
          />
          {said && (
            <span className="whitespace-nowrap text-accent-strong text-micro">
              <span aria-hidden>◂ </span>
              {forced ? words.forced : words.said}
            </span>
          )}
        </span>
      </th>
      {probs.map((prob, column) => (
        <td
          key={stages[column - 1]?.control ?? "raw"}
          className={classNames("h-7 border-rule border-l px-2", ground)}
        >
          {prob !== null ? (
            <Share
              prob={prob}
              before={column > 0 ? (probs[column - 1] ?? null) : null}
              said={said}
            />
          ) : (
            column === cutAt && <Cut stage={stages[column - 1]} before={probs[column - 1] ?? 0} />
          )}
        </td>
      ))}
    </tr>
  );
}

interface RowProps {
  flow: Flow;
  stages: readonly SamplerStage[];
  forced: boolean;
}

interface ShareProps {
  prob: number;
  /** What it was one column to the left. */
  before: number | null;
  said?: boolean;
}

/** A number, its bar from 0 to 100 %, a mark where it stood before, and which way it went. */
function Share({ prob, before, said }: ShareProps) {
  const words = text.panels.waterfall;
  const change = before === null || Math.abs(prob - before) < STILL ? 0 : Math.sign(prob - before);
  return (
    <span className="block">
      <span className="figures flex justify-between text-xs leading-4">
        <span>{formatPercent(prob)} %</span>
        {change !== 0 && (
          <span className="text-[0.625rem] text-quiet">
            <span aria-hidden>{change > 0 ? "▲" : "▼"}</span>
            <span className="sr-only">{change > 0 ? words.grew : words.fell}</span>
          </span>
        )}
      </span>
      <span aria-hidden className="relative block h-1.5 rounded-[1px] bg-well">
        <span
          className={classNames(
            "absolute inset-0 origin-left rounded-[1px]",
            said ? "bg-accent" : "bg-data",
          )}
          style={{ transform: `scaleX(${prob})` }}
        />
        {change !== 0 && before !== null && (
          <span
            className="absolute -top-px -bottom-px w-px bg-ink/70"
            style={{ left: `${before * 100}%` }}
          />
        )}
      </span>
    </span>
  );
}

/** The end of a candidate: the control that cut it, over the ghost of what it had. */
function Cut({ stage, before }: { stage: SamplerStage | undefined; before: number }) {
  const words = text.panels.waterfall;
  if (!stage) return null;
  return (
    <span className="block" title={tellsOf(stage)}>
      <span className="block truncate text-micro text-quiet leading-4">
        <span aria-hidden>✕ </span>
        <span className="sr-only">{words.cut("")}</span>
        {shortName(stage)}
      </span>
      <span aria-hidden className="relative block h-1.5">
        <span
          className="absolute inset-y-0 left-0 min-w-px rounded-[1px] border border-edge/70 border-dashed"
          style={{ width: `${before * 100}%` }}
        />
      </span>
    </span>
  );
}

function OthersRow({ others }: { others: readonly Others[] }) {
  const words = text.panels.waterfall;
  return (
    <tr>
      <th
        scope="row"
        className="sticky bottom-0 left-0 z-20 border-rule border-t bg-sheet py-1 pl-1.5 text-left font-normal text-quiet text-xs"
      >
        {words.others}
      </th>
      {others.map(({ count, prob }, column) => (
        <td
          key={column}
          title={words.of(formatCount(count))}
          className="figures sticky bottom-0 z-10 border-rule border-t border-l bg-sheet px-2 py-1 text-micro text-quiet"
        >
          {count === 0 ? words.none : `${formatPercent(prob)} %`}
        </td>
      ))}
    </tr>
  );
}

interface FootProps extends WaterfallProps {
  pointed: number | null;
}

/** What the pointed control does, or what all of them left; and which do nothing here. */
function Foot({ run, frame, stages, pointed }: FootProps) {
  const words = text.panels.waterfall;
  const of = formatCount(run.start?.rankBinEdges.at(-1) ?? 0);
  const sum = `${words.sum(formatCount(frame.distribution.kept), of)}${stages.length === 0 ? ` ${words.noStage}` : ""}`;
  const { off, idle } = run.start
    ? withoutStage(stages, run.start.settings)
    : { off: [], idle: [] };
  const names = (controls: readonly string[]) =>
    controls.map((control) => words.controls[control] ?? control).join(", ");
  return (
    <div className="min-h-13 pt-2 text-quiet text-xs">
      <p className="text-ink">
        {pointed === null ? sum : tellsOf(pointed === 0 ? null : (stages[pointed - 1] ?? null))}
      </p>
      {pointed === null && (
        <p className="text-micro">
          {off.length > 0 && `${words.off} ${names(off)}. `}
          {idle.length > 0 && `${words.idle} ${names(idle)}.`}
        </p>
      )}
    </div>
  );
}

const isGreedy = ({ control, setting }: SamplerStage) => control === "temperature" && setting === 0;

function shortName(stage: SamplerStage): string {
  const words = text.panels.waterfall;
  return isGreedy(stage) ? words.greedy : (words.controls[stage.control] ?? stage.control);
}

const nameOf = (stage: SamplerStage): string =>
  isGreedy(stage) ? shortName(stage) : `${shortName(stage)} ${settingOf(stage)}`;

const settingOf = ({ setting }: SamplerStage): string => String(Number(setting.toPrecision(4)));

/** One sentence on what a control does; null is the model itself. */
function tellsOf(stage: SamplerStage | null): string {
  const { tells } = text.panels.waterfall;
  const told = tells[!stage ? "raw" : isGreedy(stage) ? "greedy" : stage.control];
  return typeof told === "function" ? told(stage ? settingOf(stage) : "") : (told ?? "");
}
