"use client";

import { type KeyboardEvent, type PointerEvent, useMemo, useRef } from "react";
import { useElementSize } from "@/components/hooks/use-element-size";
import { Playhead } from "@/features/timeline/playhead";
import { formatNats } from "@/lib/i18n/numbers";
import { legible } from "@/lib/text/characters";
import { shareOf, stepAt } from "@/lib/timeline/axis";
import { keyedStep } from "@/lib/timeline/range";
import { highest, labelled, lossPath } from "./axis";
import { shownPlace, shownSnapshot } from "./training-store";
import { useTraining, useTrainingPlayer, useTrainingState } from "./use-training";
import { words } from "./words";

const HEIGHT = 96;
/** Width in pixels of a step's label. */
const LABEL = 44;

/** The loss during the training. Snapshots are selected by dragging and with the arrow keys. */
export function LossChart() {
  const [frame, size] = useElementSize<HTMLDivElement>();
  const losses = useTrainingState((state) => state.losses);
  const moments = useTrainingState((state) => state.moments);
  const place = useTrainingState(shownPlace);
  const look = useTrainingState(shownSnapshot);
  const scrub = useScrub(moments.length, place);
  const path = useMemo(
    () => lossPath(losses, moments, { width: size.width, height: HEIGHT }),
    [losses, moments, size.width],
  );
  const moment = moments[place];
  const text = look?.run.frames.map((each) => each.text).join("") ?? "";
  return (
    <div className="grid grid-cols-[4.5rem_minmax(0,1fr)] @min-[34rem]:grid-cols-[5.5rem_minmax(0,1fr)]">
      <div
        aria-hidden
        className="flex flex-col justify-between pr-2 text-micro text-quiet leading-none"
      >
        <p>{words.loss}</p>
        {losses.length > 0 && (
          <p className="figures whitespace-nowrap">{words.lossScale(highest(losses))}</p>
        )}
      </div>
      <div
        ref={frame}
        role="slider"
        tabIndex={0}
        aria-label={words.slider}
        aria-describedby="training-help"
        aria-valuemin={0}
        aria-valuemax={Math.max(0, moments.length - 1)}
        aria-valuenow={Math.max(0, place)}
        aria-valuetext={words.value(
          moment?.step ?? 0,
          moment?.loss == null ? words.noLoss : formatNats(moment.loss),
          legible(text),
        )}
        className="relative cursor-ew-resize touch-pan-y select-none rounded-[2px] border-rule border-b outline-offset-4"
        style={{ height: HEIGHT }}
        {...scrub}
      >
        <Playhead
          share={shareOf(place, moments.length)}
          width={size.width}
          length={moments.length}
        />
        <svg
          aria-hidden
          width={size.width}
          height={HEIGHT}
          className="absolute inset-0 overflow-visible"
        >
          <path
            d={path}
            className="fill-none stroke-ink"
            strokeWidth="1.5"
            strokeLinejoin="round"
          />
        </svg>
      </div>
      <Steps room={Math.floor(size.width / LABEL)} />
      <p id="training-help" className="sr-only">
        {words.sliderHelp}
      </p>
    </div>
  );
}

/** A mark for each snapshot, and as many step numbers as fit. */
function Steps({ room }: { room: number }) {
  const moments = useTrainingState((state) => state.moments);
  const shown = useTrainingState(shownPlace);
  const numbered = new Set(labelled(moments.length, room));
  return (
    <div aria-hidden className="relative col-start-2 h-5">
      {moments.map(({ step }, place) => (
        <span
          key={step}
          className="absolute top-0 flex -translate-x-1/2 flex-col items-center"
          style={{ left: `${shareOf(place, moments.length) * 100}%` }}
        >
          <span className={place === shown ? "h-1 w-px bg-accent" : "h-1 w-px bg-edge"} />
          {numbered.has(place) && (
            <span className="figures mt-0.5 text-micro text-quiet leading-none">{step}</span>
          )}
        </span>
      ))}
    </div>
  );
}

/** Pointer and keyboard handlers of the chart. */
function useScrub(count: number, place: number) {
  const training = useTraining();
  const player = useTrainingPlayer();
  const dragging = useRef(false);
  const follow = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = stepAt((event.clientX - box.left) / box.width, count, count - 1);
    if (at !== place) training.choose(at);
  };
  return {
    onPointerDown(event: PointerEvent) {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      dragging.current = true;
      player.pause();
      follow(event);
    },
    onPointerMove: (event: PointerEvent) => dragging.current && follow(event),
    onPointerUp: () => {
      dragging.current = false;
    },
    onPointerCancel: () => {
      dragging.current = false;
    },
    onKeyDown(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const next = keyedStep(event.key, place, count - 1);
      if (event.key === " ") player.toggle();
      else if (next === null) return;
      else {
        player.pause();
        training.choose(next);
      }
      event.preventDefault();
    },
  };
}
