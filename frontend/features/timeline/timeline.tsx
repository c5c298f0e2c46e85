"use client";

import { useEffect, useRef } from "react";
import { classNames } from "@/components/ui/class-names";
import { FollowButton } from "@/components/ui/follow-button";
import type { Breakpoints } from "@/lib/contract";
import { useRunContext, useRunState } from "@/lib/run/run-context";
import { isBusy } from "@/lib/run/run-record";
import { currentStep } from "@/lib/run/run-store";
import { createRapidUpdates } from "@/lib/timeline/rapid-updates";
import { seriesOf } from "@/lib/timeline/series";
import { PlayControls } from "./play-controls";
import { RunControls } from "./run-controls";
import { Track } from "./track";
import { usePlayerState } from "./use-player";
import { useTimelineKeys } from "./use-timeline-keys";
import { words } from "./words";

interface TimelineProps {
  /** Returns the breakpoints to continue with. Absent if nothing can continue the run. */
  breakpoints?: (() => Breakpoints) | undefined;
}

/** Shows and selects the token that the panels show. Stays visible while the panels scroll. */
export function Timeline({ breakpoints }: TimelineProps) {
  useTimelineKeys();
  return (
    <section
      ref={useMoving()}
      data-part="timeline"
      data-terms
      aria-label={words.label}
      className="@container relative tall:sticky top-0 z-20 bg-sheet shadow-[0_1px_0_0_var(--rule)]"
    >
      <div className="grid grid-cols-[minmax(0,1fr)] items-center gap-x-3 gap-y-1 px-5 pt-1 pb-2 @min-[34rem]:grid-cols-[auto_minmax(0,1fr)] @min-[34rem]:pb-3 @min-[68rem]:grid-cols-[auto_minmax(0,1fr)_auto] @min-[68rem]:gap-x-5 @min-[68rem]:py-2.5">
        <div role="group" aria-label={words.steps.label} className="contents">
          <div className="-ml-2.5 print:hidden">
            <PlayControls />
          </div>
          <div className="order-3 flex items-center justify-between gap-1 print:hidden @min-[34rem]:order-none @min-[34rem]:justify-end @min-[68rem]:order-3">
            {breakpoints && <RunControls breakpoints={breakpoints} />}
            <Live />
            <Place />
          </div>
        </div>
        <div className="order-2 col-span-full grid grid-cols-[minmax(0,1fr)] gap-x-3 @min-[34rem]:grid-cols-[minmax(6.5rem,auto)_minmax(0,1fr)] @min-[68rem]:col-span-1">
          <LaneNames />
          <Track />
        </div>
      </div>
      <LoopAnnouncement />
    </section>
  );
}

/** Marks the run's part of the page while tokens change too fast for animations. */
function useMoving() {
  const { store } = useRunContext();
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    const main = section.current?.closest("main");
    const watch = createRapidUpdates((moving) => main?.toggleAttribute("data-moving", moving));
    const unsubscribe = store.subscribe((now, before) => {
      if (currentStep(now) !== currentStep(before)) watch.changed();
    });
    return () => {
      unsubscribe();
      watch.end();
    };
  }, [store]);
  return section;
}

function Place() {
  const step = useRunState(currentStep);
  const last = useRunState(({ run }) => run.frames.length - 1);
  return (
    <span className="figures min-w-33 text-quiet text-xs @min-[34rem]:text-right">
      <span className="block min-h-4 whitespace-nowrap leading-4">
        {last < 0 ? words.steps.none : words.steps.at(step, last)}
      </span>
    </span>
  );
}

/** Only for a run that is in progress; its place stays, so that nothing moves. */
function Live() {
  const { store } = useRunContext();
  const live = useRunState(({ selected }) => selected === null);
  const busy = useRunState(({ run }) => isBusy(run));
  const none = useRunState(({ run }) => run.frames.length === 0);
  return (
    <FollowButton
      label={words.steps.live}
      hint={words.steps.liveHint}
      following={live}
      disabled={none}
      onClick={() => store.select(null)}
      className={classNames("-ml-2 h-7", !busy && "invisible")}
    />
  );
}

/** The names and scales of the curves. */
function LaneNames() {
  const max = useRunState(({ run }) => seriesOf(run.frames).domain?.max ?? 0);
  const isBound = useRunState(({ run }) => run.frames.at(-1)?.entropyBound !== undefined);
  return (
    <div
      aria-hidden
      className="hidden h-0 min-h-full flex-col whitespace-nowrap text-micro text-quiet leading-none @min-[34rem]:flex"
    >
      <div className="h-6">{words.tokens}</div>
      <div className="flex flex-1 justify-between gap-2">
        {isBound ? words.entropyBound : words.entropy}
        <span className="figures">{max > 0 ? words.entropyScale(max) : ""}</span>
      </div>
      <div className="flex justify-between gap-2 pb-1">
        {words.probability}
        <span className="figures">{max > 0 ? words.probabilityScale : ""}</span>
      </div>
    </div>
  );
}

/** Announces a new loop to screen readers. */
function LoopAnnouncement() {
  const range = usePlayerState((state) => state.range);
  return (
    <p aria-live="polite" className="sr-only">
      {range && words.loopSaid(range.from, range.to)}
    </p>
  );
}
