"use client";

import { useState } from "react";
import { useElementSize } from "@/components/hooks/use-element-size";
import type { TokenFrame } from "@/lib/contract/frames";
import { useDepth } from "@/lib/depth/use-depth";
import { formatEntropy, formatPercent } from "@/lib/i18n/numbers";
import { useRunState } from "@/lib/run/run-context";
import { currentStep } from "@/lib/run/run-store";
import { visible } from "@/lib/text/characters";
import { axisLength, shareOf } from "@/lib/timeline/axis";
import { within } from "@/lib/timeline/range";
import { Curves } from "./curves";
import { CURVES_HEIGHT } from "./paint-curves";
import { Playhead } from "./playhead";
import { usePlayerState } from "./use-player";
import { useScrub } from "./use-scrub";
import { words } from "./words";

/** The axis of all tokens that the run can have, with a mark at the shown one. */
export function Track() {
  // The words for the shown token depend on it.
  useDepth();
  const frames = useRunState(({ run }) => run.frames);
  const count = useRunState(({ run }) => run.frames.length);
  const length = useRunState(({ run }) => axisLength(run));
  const step = useRunState(currentStep);
  const [pointed, setPointed] = useState<number | null>(null);
  const [frame, size] = useElementSize<HTMLDivElement>();
  const last = count - 1;
  const scrub = useScrub({ length, last, onPoint: setPointed });
  const shown = frames[step];
  return (
    <div className="relative" style={{ height: CURVES_HEIGHT }}>
      <div
        ref={frame}
        role="slider"
        tabIndex={0}
        aria-label={words.slider}
        aria-describedby="timeline-help"
        aria-valuemin={0}
        aria-valuemax={Math.max(0, last)}
        aria-valuenow={Math.max(0, step)}
        aria-valuetext={shown ? sayToken(shown, last) : words.empty}
        aria-disabled={last < 0 || undefined}
        className="absolute inset-0 cursor-ew-resize touch-pan-y select-none rounded-[2px] outline-offset-4 aria-disabled:cursor-default"
        {...scrub}
      >
        <Curves frames={frames} count={count} length={length} size={size} />
        <LoopBand length={length} last={last} />
        {shown && <Playhead share={shareOf(step, length)} width={size.width} length={length} />}
      </div>
      <p id="timeline-help" className="sr-only">
        {words.sliderHelp}
      </p>
      {pointed !== null && frames[pointed] && (
        <Tip frame={frames[pointed]} share={shareOf(pointed, length)} />
      )}
    </div>
  );
}

const sayToken = (frame: TokenFrame, last: number): string =>
  words.value(
    frame.index,
    last,
    visible(frame.label),
    `${formatPercent(frame.prob)} %`,
    formatEntropy(frame),
  );

/** Marks the loop. Its ends can be dragged. */
function LoopBand({ length, last }: { length: number; last: number }) {
  const range = within(
    usePlayerState((state) => state.range),
    last,
  );
  if (!range) return null;
  const left = `${(range.from / length) * 100}%`;
  const width = `${((range.to + 1 - range.from) / length) * 100}%`;
  return (
    <span
      aria-hidden
      data-loop
      className="pointer-events-none absolute -inset-y-1 rounded-[3px] border-[1.5px] border-ink/60 bg-ink/8"
      style={{ left, width }}
    />
  );
}

/** Shows the token under the pointer. It overlaps the panels below, so that nothing moves. */
function Tip({ frame, share }: { frame: TokenFrame; share: number }) {
  const side = share < 0.15 ? "" : share > 0.85 ? "-translate-x-full" : "-translate-x-1/2";
  return (
    // Has no height and is contained, because it changes with every move of the pointer.
    <span
      aria-hidden
      className="pointer-events-none absolute inset-x-0 top-full z-30 block h-0 contain-layout contain-size contain-style"
    >
      <span
        className={`figures absolute mt-2 flex gap-2.5 whitespace-nowrap rounded-md border border-brim bg-sheet px-2 py-1 text-micro text-quiet shadow-sm ${side}`}
        style={{ left: `${share * 100}%` }}
      >
        <span>{frame.index}</span>
        <span className="font-semibold text-ink">{visible(frame.label)}</span>
        <span>{formatPercent(frame.prob)} %</span>
        <span>{formatEntropy(frame)} nats</span>
      </span>
    </span>
  );
}
