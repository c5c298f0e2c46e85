"use client";

import { ChevronLeft, ChevronRight, Pause, Play, Repeat, Zap } from "lucide-react";
import { useStore } from "zustand";
import { Button } from "@/components/ui/button";
import { classNames } from "@/components/ui/class-names";
import { SpeedSelect } from "@/components/ui/speed-select";
import { pace, SPEEDS, setFullSpeed, setSpeed } from "@/lib/pace/pace";
import { useRunContext, useRunState } from "@/lib/run/run-context";
import { currentStep } from "@/lib/run/run-store";
import { within } from "@/lib/timeline/range";
import { usePlayer, usePlayerState } from "./use-player";
import { words } from "./words";

/** Buttons for the previous token, play and the next token, for the speed and for the loop. */
export function PlayControls() {
  const { store } = useRunContext();
  const player = usePlayer();
  const playing = usePlayerState((state) => state.playing);
  const step = useRunState(currentStep);
  const last = useRunState(({ run }) => run.frames.length - 1);
  return (
    <div className="flex items-center gap-0.5">
      <Button
        icon
        variant="quiet"
        aria-label={words.steps.previous}
        title={words.steps.previous}
        disabled={step <= 0}
        onClick={() => store.select(step - 1)}
      >
        <ChevronLeft size={16} aria-hidden />
      </Button>
      <Button
        variant="quiet"
        className="h-8 gap-1.5 px-2 text-xs"
        title={words.steps.playHint}
        disabled={last < 0}
        onClick={player.toggle}
      >
        {playing ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />}
        <EitherWord first={words.steps.play} second={words.steps.pause} isSecond={playing} />
      </Button>
      <Button
        icon
        variant="quiet"
        aria-label={words.steps.next}
        title={words.steps.next}
        disabled={step >= last}
        onClick={() => store.select(step + 1)}
      >
        <ChevronRight size={16} aria-hidden />
      </Button>
      <Speed />
      <FullSpeed />
      <Loop last={last} />
    </div>
  );
}

interface EitherWordProps {
  first: string;
  second: string;
  isSecond: boolean;
}

/** Shows one of two words, with the width of the longer one, so that its neighbours do not move. */
function EitherWord({ first, second, isSecond }: EitherWordProps) {
  return (
    <span className="grid text-left max-sm:sr-only">
      <Word shown={!isSecond}>{first}</Word>
      <Word shown={isSecond}>{second}</Word>
    </span>
  );
}

const Word = ({ shown, children }: { shown: boolean; children: string }) => (
  <span aria-hidden={!shown} className={classNames("[grid-area:1/1]", !shown && "invisible")}>
    {children}
  </span>
);

function Speed() {
  const speed = useStore(pace, (state) => state.speed);
  return (
    <SpeedSelect
      label={words.speed}
      speeds={SPEEDS}
      value={speed}
      format={words.perSecond}
      onChange={setSpeed}
    />
  );
}

/** Whether the tokens of a run appear at the chosen speed, or as fast as they are computed. */
function FullSpeed() {
  const full = useStore(pace, (state) => state.full);
  return (
    <Button
      variant="quiet"
      className={classNames(
        "h-8 gap-1.5 whitespace-nowrap px-2 text-xs",
        full && "bg-well text-ink",
      )}
      aria-pressed={full}
      title={words.fullSpeedHint}
      onClick={() => setFullSpeed(!full)}
    >
      <Zap size={14} aria-hidden className="shrink-0" />
      <span className="@max-[62rem]:sr-only">{words.fullSpeed}</span>
    </Button>
  );
}

/** Sets or removes the loop. A new loop contains all tokens; its ends can be dragged. */
function Loop({ last }: { last: number }) {
  const player = usePlayer();
  const range = within(
    usePlayerState((state) => state.range),
    last,
  );
  return (
    <Button
      variant="quiet"
      className={classNames(
        "relative h-8 gap-1.5 whitespace-nowrap px-2 text-xs @min-[62rem]:w-32 @min-[62rem]:justify-start @min-[68rem]:w-auto",
        range && "bg-well text-ink",
      )}
      aria-pressed={range !== null}
      title={words.loopHint}
      disabled={last < 0}
      onClick={() => player.setRange(range ? null : { from: 0, to: last })}
    >
      <Repeat size={14} aria-hidden className="shrink-0" />
      <span className="@max-[62rem]:sr-only">{words.loop}</span>
      {range && (
        // Positioned so that the buttons do not move when the range appears.
        <span
          aria-hidden
          className="figures @max-[62rem]:sr-only @min-[68rem]:absolute @min-[68rem]:top-full @min-[68rem]:left-2 @min-[68rem]:-mt-1.5 @min-[68rem]:text-micro"
        >
          {words.loopRange(range.from, range.to)}
        </span>
      )}
    </Button>
  );
}
