"use client";

import { RotateCw } from "lucide-react";
import { Suspense, useMemo } from "react";
import { useArrange } from "@/components/arrangement/use-arrange";
import { useRunContext, useRunState } from "@/components/run-context";
import { Button } from "@/components/ui/button";
import { useInSight } from "@/components/use-in-sight";
import { useRested } from "@/components/use-rested";
import { useRunAgain } from "@/components/use-run-again";
import type { ModelInfo } from "@/lib/contract";
import { missingCaptures } from "@/lib/run/captures";
import { currentStep } from "@/lib/run/run-store";
import { text } from "@/lib/text";
import type { Panel } from "@/panels/panel";
import { PanelBoundary } from "./panel-boundary";

interface PanelBodyProps {
  panel: Panel;
  model: ModelInfo | undefined;
}

/** What the panel draws, or why it cannot; whatever breaks in it stays in it. */
export function PanelBody({ panel, model }: PanelBodyProps) {
  const { hide } = useArrange();
  const missing = useMissing(panel, model);
  const letGo = useLetGo(panel);
  const [body, inSight] = useInSight<HTMLDivElement>();
  return (
    // Of a size that nothing within changes: a new step lays out what it changes, not the page.
    <div
      ref={body}
      className="contain-size contain-layout contain-style absolute inset-0 flex flex-col"
    >
      {missing && <Uncaptured {...missing} />}
      {letGo !== null && <LetGo from={letGo} />}
      {missing?.all !== true && letGo === null && (
        <div className="min-h-0 flex-1">
          <PanelBoundary panel={panel} onHide={() => hide(panel)}>
            <Suspense fallback={<Loading panel={panel} />}>
              <PanelView panel={panel} inSight={inSight} />
            </Suspense>
          </PanelBoundary>
        </div>
      )}
    </div>
  );
}

interface PanelViewProps {
  panel: Panel;
  inSight: boolean;
}

/** While somebody scrubs, a panel out of sight waits until the tokens rest. */
function PanelView({ panel: { Component }, inSight }: PanelViewProps) {
  const { store } = useRunContext();
  const run = useRunState((state) => state.run);
  const step = useRunState(currentStep);
  const live = useRunState(({ selected }) => selected === null);
  const now = useMemo(() => ({ run, step, frame: run.frames[step], live }), [run, step, live]);
  const rested = useRested(now);
  const shown = live || inSight ? now : rested;
  return useMemo(() => <Component {...shown} select={store.select} />, [Component, shown, store]);
}

function Loading({ panel }: { panel: Panel }) {
  return (
    <div
      role="img"
      aria-label={text.arrangement.loading(panel.title)}
      className="breathing h-full rounded bg-well"
    />
  );
}

/** The first token whose measurements are still held, where the shown one is older; else null. */
function useLetGo(panel: Panel): number | null {
  const from = useRunState(({ run }) => run.kept.from);
  const step = useRunState(currentStep);
  return panel.captures.length > 0 && step >= 0 && step < from ? from : null;
}

function LetGo({ from }: { from: number }) {
  const words = text.steps.letGo;
  const { store } = useRunContext();
  return (
    <div className="pt-3">
      <p className="text-small text-ink">{words.what(from)}</p>
      <p className="mt-1 text-quiet text-small">{words.why}</p>
      <Button className="mt-3" onClick={() => store.select(from)}>
        {words.go(from)}
      </Button>
    </div>
  );
}

interface Missing {
  probes: readonly string[];
  /** The model that has no such part; null where another run would give it. */
  model: string | null;
  /** Whether nothing is left to show. */
  all: boolean;
}

/** What the shown run, or the next one, does not give this panel; null where nothing is missing. */
function useMissing(panel: Panel, model: ModelInfo | undefined): Missing | null {
  const start = useRunState(({ run }) => run.start);
  const probes = missingCaptures(panel.captures, start, model?.capabilities);
  if (probes.length === 0) return null;
  const from = start?.model ?? model;
  const cannot = from && probes.every((probe) => !from.capabilities.includes(probe));
  return {
    probes,
    model: cannot ? from.title || from.name : null,
    all: probes.length === panel.captures.length,
  };
}

function Uncaptured({ probes, model, all }: Missing) {
  const words = text.arrangement.uncaptured;
  const runAgain = useRunAgain();
  // The model of a training step is gone; nobody could run it again.
  const ofTraining = useRunState(({ run }) => run.trained !== null);
  const names = probes.map((probe) => text.arrangement.probes[probe] ?? probe).join(", ");
  return (
    <div className={all ? "pt-3" : "mb-2 flex flex-wrap items-center gap-x-3 gap-y-1"}>
      <p className="text-small text-ink">
        {model === null ? words.missing(names) : words.cannot(model, names)}
      </p>
      {model !== null && all && <p className="mt-1 text-quiet text-small">{words.cannotDetail}</p>}
      {model === null && !ofTraining && (
        <Button className={all ? "mt-3" : "h-7 px-2 text-xs"} onClick={runAgain}>
          <RotateCw size={13} aria-hidden />
          {words.again}
        </Button>
      )}
    </div>
  );
}
