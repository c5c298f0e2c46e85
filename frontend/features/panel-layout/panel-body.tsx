"use client";

import { RotateCw } from "lucide-react";
import { Suspense, useMemo } from "react";
import { useDebounced } from "@/components/hooks/use-debounced";
import { useInSight } from "@/components/hooks/use-in-sight";
import { Button } from "@/components/ui/button";
import { inTurn } from "@/lib/browser/turns";
import type { ModelInfo } from "@/lib/contract";
import { useDepth } from "@/lib/depth/use-depth";
import { SPEEDS } from "@/lib/pace/pace";
import { missingCaptures } from "@/lib/run/captures";
import { useRunContext, useRunState } from "@/lib/run/run-context";
import { currentStep } from "@/lib/run/run-store";
import { MeasureContext } from "@/panels/measure-context";
import { NotAvailable, type Unavailable } from "@/panels/not-available";
import type { Panel } from "@/panels/panel";
import { PanelBoundary } from "./panel-boundary";
import { useLayoutActions } from "./use-layout-actions";
import { useRunAgain } from "./use-run-again";
import { words as panelLayoutWords } from "./words";

interface PanelBodyProps {
  panel: Panel;
  model: ModelInfo | undefined;
}

/** Renders the panel, or the reason why it has no data. Errors in the panel stay within it. */
export function PanelBody({ panel, model }: PanelBodyProps) {
  const { hide } = useLayoutActions();
  const missing = useMissing(panel, model);
  const letGo = useLetGo(panel);
  const [body, inSight] = useInSight<HTMLDivElement>();
  const runAgain = useRunAgain();
  // The model of a training step no longer exists, so it cannot run again.
  const ofTraining = useRunState(({ run }) => run.trained !== null);
  return (
    // The size does not depend on the content, so a new step does not lay out the whole page, and a
    // body that is scrolled out of view is not laid out or painted at all.
    <div
      ref={body}
      data-unseen={inSight ? undefined : ""}
      className="contain-size contain-layout contain-style absolute inset-0 flex flex-col [content-visibility:auto] [overflow-clip-margin:1rem]"
    >
      {missing?.all && missing.server && <NotAvailable why={missing.why} />}
      {missing && !(missing.all && missing.server) && (
        <Uncaptured {...missing} onAgain={ofTraining ? null : runAgain} />
      )}
      {letGo !== null && <LetGo from={letGo} />}
      {missing?.all !== true && letGo === null && (
        <div className="min-h-0 flex-1">
          <PanelBoundary panel={panel} onHide={() => hide(panel)}>
            <Suspense fallback={<Loading panel={panel} />}>
              <MeasureContext value={ofTraining ? null : runAgain}>
                <PanelView panel={panel} inSight={inSight} />
              </MeasureContext>
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

/** Longer than the interval between tokens at the slowest pace. */
const UNSEEN_RESTS_MS = 1000 / Math.min(...SPEEDS) + 100;

/**
 * A panel that is scrolled out of view is updated when the shown step stops changing and the page is
 * idle, one panel after another.
 */
function PanelView({ panel: { Component }, inSight }: PanelViewProps) {
  const { store } = useRunContext();
  const run = useRunState((state) => state.run);
  const step = useRunState(currentStep);
  const live = useRunState(({ selected }) => selected === null);
  const now = useMemo(() => ({ run, step, frame: run.frames[step], live }), [run, step, live]);
  const rested = useDebounced(now, UNSEEN_RESTS_MS, inTurn);
  const shown = inSight ? now : rested;
  // Another depth has other words and numbers, so the panel is mounted again.
  const depth = useDepth();
  return useMemo(
    () => <Component key={depth} {...shown} select={store.select} />,
    [Component, shown, store, depth],
  );
}

function Loading({ panel }: { panel: Panel }) {
  return (
    <div
      role="img"
      aria-label={panelLayoutWords.loading(panel.title)}
      className="breathing h-full rounded bg-well"
    />
  );
}

/** If the shown step's measurements were dropped, returns the first step that has them. */
function useLetGo(panel: Panel): number | null {
  return useRunState((state) => {
    const step = currentStep(state);
    const { from } = state.run.kept;
    return panel.captures.length > 0 && step >= 0 && step < from ? from : null;
  });
}

function LetGo({ from }: { from: number }) {
  const words = panelLayoutWords.letGo;
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
  /**
   * The name of the model that cannot capture these probes. Null if another run would capture them.
   */
  model: string | null;
  /** Whether the panel can show nothing without them. */
  all: boolean;
  /** Whether another server runs the model, and why it cannot give them. */
  server: boolean;
  why: Unavailable | undefined;
}

/**
 * Returns what this panel needs and the run did not capture, or null. Before a run: what the model
 * does not support.
 */
function useMissing(panel: Panel, model: ModelInfo | undefined): Missing | null {
  const start = useRunState(({ run }) => run.start);
  const probes = missingCaptures(panel.captures, start, model?.capabilities);
  const recorded = useRunState(({ run }) => run.source !== null || run.trained !== null);
  if (probes.length === 0) return null;
  const from = start?.model ?? model;
  // An older recording lists only the capabilities that its version of the engine knew.
  const cannot =
    from &&
    (!recorded || from.server) &&
    probes.every((probe) => !from.capabilities.includes(probe));
  return {
    probes,
    model: cannot ? from.title || from.name : null,
    all: probes.length === panel.captures.length,
    server: Boolean(cannot && from.server),
    why: from?.server?.not_available[probes[0] ?? ""],
  };
}

function Uncaptured({ probes, model, all, onAgain }: Missing & { onAgain: (() => void) | null }) {
  const words = panelLayoutWords.uncaptured;
  const names = probes.map((probe) => panelLayoutWords.probes[probe] ?? probe).join(", ");
  return (
    <div className={all ? "pt-3" : "mb-2 flex flex-wrap items-center gap-x-3 gap-y-1"}>
      <p className="text-small text-ink">
        {model === null ? words.missing(names) : words.cannot(model, names)}
      </p>
      {model !== null && all && <p className="mt-1 text-quiet text-small">{words.cannotDetail}</p>}
      {model === null && onAgain && (
        <Button className={all ? "mt-3" : "h-7 px-2 text-xs"} onClick={() => onAgain()}>
          <RotateCw size={13} aria-hidden />
          {words.again}
        </Button>
      )}
    </div>
  );
}
