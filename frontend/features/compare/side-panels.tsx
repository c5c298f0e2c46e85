"use client";

import { RotateCw } from "lucide-react";
import { type CSSProperties, type ReactNode, Suspense, useEffect, useRef } from "react";
import { useStore } from "zustand";
import { Button } from "@/components/ui/button";
import { classNames } from "@/components/ui/class-names";
import { MAX_COLUMNS } from "@/features/panel-layout/layout";
import { useOpenPanels } from "@/features/panel-layout/layout-context";
import { PanelBoundary } from "@/features/panel-layout/panel-boundary";
import { NoPanels } from "@/features/panel-layout/panel-grid";
import { useLayoutActions } from "@/features/panel-layout/use-layout-actions";
import { words as panelLayoutWords } from "@/features/panel-layout/words";
import type { ModelInfo } from "@/lib/contract";
import type { Divergence, Side } from "@/lib/contract/parse-compare-event";
import { useDepth } from "@/lib/depth/use-depth";
import { useKnownModel } from "@/lib/models/use-models";
import { missingCaptures } from "@/lib/run/captures";
import type { RunRecord } from "@/lib/run/run-record";
import { words as statusWords } from "@/lib/run/words";
import { DifferenceContext } from "@/panels/difference-context";
import { generatedTextPanel } from "@/panels/generated-text/panel";
import { ModelContext } from "@/panels/model-context";
import type { Panel } from "@/panels/panel";
import { comparedCaptures } from "./captures";
import { comparison } from "./current-comparison";
import { onOneScale, type Records } from "./pair";
import { words as compareWords } from "./words";

interface SideTextsProps {
  records: Records;
  step: number;
  /** Whether the view follows the newest token. */
  live: boolean;
  onStep: (step: number | null) => void;
}

interface SidePanelsProps extends SideTextsProps {
  /** Whether both can be run again in lockstep. */
  measured: boolean;
  /** The difference of the two runs at the shown step. */
  divergence: Divergence | undefined;
  onPanels: () => void;
}

const SIDES = ["a", "b"] as const;

/** Shows every open panel twice, at the same step and on the same scale. */
export function SidePanels(props: SidePanelsProps) {
  const { records, measured, divergence, onPanels, ...rest } = props;
  const scaled = onOneScale(records);
  const open = useOpenPanels().filter(({ panel }) => panel !== generatedTextPanel);
  const again = useAgain(records);
  if (open.length === 0) return <NoPanels onPanels={onPanels} />;
  return (
    <DifferenceContext value={divergence?.residDistance ?? null}>
      <div className="grid flex-1 content-start gap-px bg-paper 2xl:grid-cols-2">
        {open.map(({ panel, placed: { columns, rows } }) => (
          <section
            key={panel.id}
            data-panel={panel.id}
            aria-label={panel.title}
            style={{ "--rows": rows } as CSSProperties}
            className={classNames(
              // The border is a shadow in the gap, so that an empty grid cell has no grey background.
              "relative min-w-0 bg-sheet px-5 pt-4 pb-4 shadow-[0_0_0_1px_var(--rule)]",
              columns > MAX_COLUMNS / 2 && "2xl:col-span-2",
            )}
          >
            <div className="flex flex-wrap items-baseline justify-between gap-x-4">
              <h2 className="font-semibold text-[0.9375rem]">{panel.title}</h2>
              <p className="hidden text-micro text-quiet measure:block">
                {unitOf(panel, scaled.a)}
                <span aria-hidden> · </span>
                <span className="sr-only">{panelLayoutWords.hookPoint}</span> {panel.hookPoint}
              </p>
            </div>
            <div className="mt-2 grid gap-x-6 gap-y-4 md:grid-cols-2">
              {SIDES.map((side) => (
                <Half
                  key={side}
                  side={side}
                  panel={panel}
                  run={scaled[side]}
                  onAgain={measured ? again : null}
                  {...rest}
                />
              ))}
            </div>
          </section>
        ))}
      </div>
    </DifferenceContext>
  );
}

/** Shows both texts, with the shown token marked in each. */
export function SideTexts({ records, ...rest }: SideTextsProps) {
  return (
    <div className="grid gap-px bg-rule md:grid-cols-2">
      {SIDES.map((side) => (
        <section
          key={side}
          data-panel={generatedTextPanel.id}
          aria-label={`${generatedTextPanel.title}, ${compareWords.run(side)}`}
          className="relative min-w-0 bg-sheet px-5 py-3"
        >
          <SideName side={side} run={records[side]} />
          <InSight step={rest.step} live={rest.live}>
            <Body panel={generatedTextPanel} run={records[side]} onAgain={null} {...rest} />
          </InSight>
        </section>
      ))}
    </div>
  );
}

/** Scrolls the text, but not the page, so that the shown token is visible. */
function InSight({ step, live, children }: { step: number; live: boolean; children: ReactNode }) {
  const frame = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the shown token changes with the step
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
    // Whole lines of text: no sliver of a line at the edge of a text that scrolls.
    <div ref={frame} className="h-44 [&_[role=listbox]]:max-h-[round(down,100%,1.75em)]">
      {children}
    </div>
  );
}

/**
 * Returns a function that runs the comparison again, with the same seeds and the captures that the
 * open panels need.
 */
function useAgain(records: Records): () => void {
  const open = useOpenPanels();
  return () => {
    const { request } = comparison.getState();
    if (!request) return;
    const panels = open.map(({ panel }) => panel);
    const requestOf = (side: Side) => {
      const { start } = records[side];
      if (!start) return request[side];
      const capture = comparedCaptures(panels, start.model);
      return { ...request[side], seed: start.settings.seed, capture };
    };
    void comparison.run({ ...request, a: requestOf("a"), b: requestOf("b") });
  };
}

interface HalfProps extends Omit<SideTextsProps, "records"> {
  side: Side;
  panel: Panel;
  run: RunRecord;
  /** Null if it cannot be run again. */
  onAgain: (() => void) | null;
}

function Half({ side, panel, ...rest }: HalfProps) {
  const named = useStore(comparison, ({ request }) => request?.[side].model);
  const model = useKnownModel(named);
  return (
    <div
      role="group"
      aria-label={`${panel.title}, ${compareWords.run(side)}`}
      className="flex min-w-0 gap-3"
    >
      <Letter side={side} />
      <div className="h-[calc(19rem*(1+(var(--rows)-1)/2))] min-w-0 flex-1">
        <ModelContext value={model}>
          <Body panel={panel} {...rest} />
        </ModelContext>
      </div>
    </div>
  );
}

function Body({ panel, run, step, live, onStep, onAgain }: Omit<HalfProps, "side">) {
  const { Component } = panel;
  const { hide } = useLayoutActions();
  const depth = useDepth();
  const frame = run.frames[step];
  if (!frame && run.frames.length > 0 && panel !== generatedTextPanel) {
    return <p className="pt-2 text-quiet text-small">{compareWords.overBefore(step)}</p>;
  }
  const missing = missingCaptures(panel.captures, run.start, undefined);
  if (missing.length > 0 && missing.length === panel.captures.length) {
    return <Uncaptured probes={missing} model={run.start?.model} onAgain={onAgain} />;
  }
  return (
    <PanelBoundary panel={panel} onHide={() => hide(panel)}>
      <Suspense>
        <Component key={depth} {...{ run, frame, live }} step={frame ? step : -1} select={onStep} />
      </Suspense>
    </PanelBoundary>
  );
}

interface UncapturedProps {
  probes: readonly string[];
  model: ModelInfo | undefined;
  onAgain: (() => void) | null;
}

function Uncaptured({ probes, model, onAgain }: UncapturedProps) {
  const words = panelLayoutWords.uncaptured;
  const names = probes.map((probe) => panelLayoutWords.probes[probe] ?? probe).join(", ");
  const cannot = model && probes.every((probe) => !model.capabilities.includes(probe));
  return (
    <div className="pt-2">
      <p className="text-small text-ink">
        {cannot ? words.cannot(model.title || model.name, names) : words.missing(names)}
      </p>
      {!cannot && onAgain && (
        <Button className="mt-3" onClick={onAgain}>
          <RotateCw size={13} aria-hidden />
          {words.again}
        </Button>
      )}
    </div>
  );
}

function SideName({ side, run }: { side: Side; run: RunRecord }) {
  const { start, frames, phase, done } = run;
  const facts = start && [
    start.model.title || start.model.name,
    start.model.name.includes("@") ? null : start.model.dtype,
    compareWords.tokens(frames.length),
    phase === "done" && done ? statusWords.reasons[done.reason] : statusWords.phases[phase],
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
      {compareWords.letter(side)}
    </span>
  );
}

const unitOf = ({ unit }: Panel, run: RunRecord) => (typeof unit === "string" ? unit : unit(run));
