"use client";

import { type ReactNode, Suspense, useEffect, useRef } from "react";
import { onOneScale, type Records } from "@/lib/compare/pair";
import type { Side } from "@/lib/compare/parse-compare-event";
import type { RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text/en";
import { generatedTextPanel } from "@/panels/generated-text";
import type { Panel } from "@/panels/panel";
import { OPEN_PANELS } from "@/panels/registry";
import { PanelBoundary } from "../panel/panel-boundary";
import { classNames } from "../ui/class-names";

interface SidePanelsProps {
  records: Records;
  step: number;
  /** Whether the newest token is followed. */
  live: boolean;
  onStep: (step: number | null) => void;
}

const SIDES = ["a", "b"] as const;

/** Every panel twice, at the same moment and on one scale. */
export function SidePanels({ records, ...rest }: SidePanelsProps) {
  const scaled = onOneScale(records);
  return (
    <div className="grid flex-1 content-start gap-px bg-rule 2xl:grid-cols-2">
      {OPEN_PANELS.filter((panel) => panel !== generatedTextPanel).map((panel) => (
        <section
          key={panel.id}
          aria-label={panel.title}
          className="min-w-0 bg-sheet px-5 pt-4 pb-4"
        >
          <div className="flex flex-wrap items-baseline justify-between gap-x-4">
            <h3 className="font-semibold text-[0.9375rem]">{panel.title}</h3>
            <p className="text-micro text-quiet">
              {unitOf(panel, scaled.a)}
              <span aria-hidden> · </span>
              <span className="sr-only">{text.panels.hookPoint}</span> {panel.hookPoint}
            </p>
          </div>
          <div className="mt-2 grid gap-x-6 gap-y-4 md:grid-cols-2">
            {SIDES.map((side) => (
              <Half key={side} side={side} panel={panel} run={scaled[side]} {...rest} />
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}

/** Both texts, with the token that is shown marked in both. */
export function SideTexts({ records, ...rest }: SidePanelsProps) {
  return (
    <div className="grid gap-px bg-rule md:grid-cols-2">
      {SIDES.map((side) => (
        <section
          key={side}
          aria-label={`${generatedTextPanel.title}, ${text.compare.run(side)}`}
          className="min-w-0 bg-sheet px-5 py-3"
        >
          <SideName side={side} run={records[side]} />
          <InSight step={rest.step} live={rest.live}>
            <Body panel={generatedTextPanel} run={records[side]} {...rest} />
          </InSight>
        </section>
      ))}
    </div>
  );
}

/** Keeps the token that is shown in sight of its own text, without moving the page. */
function InSight({ step, live, children }: { step: number; live: boolean; children: ReactNode }) {
  const frame = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another step is another token
  useEffect(() => {
    const box = frame.current?.querySelector<HTMLElement>("[role=listbox]");
    const token = box?.querySelector<HTMLElement>("[aria-selected=true]");
    if (!box || !token || live) return;
    const from = token.getBoundingClientRect().top - box.getBoundingClientRect().top;
    if (from < 0 || from > box.clientHeight - token.offsetHeight) {
      box.scrollTop += from - box.clientHeight / 2;
    }
  }, [step, live]);
  return (
    <div ref={frame} className="h-44">
      {children}
    </div>
  );
}

interface HalfProps extends Omit<SidePanelsProps, "records"> {
  side: Side;
  panel: Panel;
  run: RunRecord;
}

function Half({ side, panel, ...rest }: HalfProps) {
  return (
    <div
      role="group"
      aria-label={`${panel.title}, ${text.compare.run(side)}`}
      className="flex min-w-0 gap-3"
    >
      <Letter side={side} />
      <div className="h-76 min-w-0 flex-1">
        <Body panel={panel} {...rest} />
      </div>
    </div>
  );
}

function Body({ panel, run, step, live, onStep }: Omit<HalfProps, "side">) {
  const { Component } = panel;
  const frame = run.frames[step];
  if (!frame && run.frames.length > 0 && panel !== generatedTextPanel) {
    return <p className="pt-2 text-quiet text-small">{text.compare.overBefore(step)}</p>;
  }
  return (
    <PanelBoundary panel={panel} onHide={() => {}}>
      <Suspense>
        <Component run={run} step={frame ? step : -1} frame={frame} live={live} select={onStep} />
      </Suspense>
    </PanelBoundary>
  );
}

function SideName({ side, run }: { side: Side; run: RunRecord }) {
  const { start, frames, phase, done } = run;
  const facts = start && [
    start.model.title || start.model.name,
    start.model.name.includes("@") ? null : start.model.dtype,
    text.compare.tokens(frames.length),
    phase === "done" && done ? text.status.reasons[done.reason] : text.status.phases[phase],
  ];
  return (
    <div className="mb-1 flex items-baseline gap-2.5">
      <Letter side={side} />
      <p className="min-w-0 truncate text-quiet text-xs">{facts?.filter(Boolean).join(" · ")}</p>
    </div>
  );
}

function Letter({ side }: { side: Side }) {
  return (
    <span
      aria-hidden
      className={classNames(
        "figures mt-0.5 inline-flex size-4.5 shrink-0 items-center justify-center rounded-[4px] font-medium text-micro leading-none",
        side === "a" ? "bg-ink text-paper" : "border border-ink text-ink",
      )}
    >
      {text.compare.letter(side)}
    </span>
  );
}

const unitOf = ({ unit }: Panel, run: RunRecord) => (typeof unit === "string" ? unit : unit(run));
