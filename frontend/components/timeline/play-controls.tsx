"use client";

import { ChevronLeft, ChevronRight, Pause, Play, Repeat } from "lucide-react";
import { Button } from "@/components/ui/button";
import { classNames } from "@/components/ui/class-names";
import { currentStep } from "@/lib/run/run-store";
import { text } from "@/lib/text";
import { SPEEDS } from "@/lib/timeline/player";
import { within } from "@/lib/timeline/range";
import { useRunContext, useRunState } from "../run-context";
import { usePlayer, usePlayerState } from "./use-player";

/** Token before, play, token after; how fast, and what again and again. */
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
        aria-label={text.steps.previous}
        title={text.steps.previous}
        disabled={step <= 0}
        onClick={() => store.select(step - 1)}
      >
        <ChevronLeft size={16} aria-hidden />
      </Button>
      <Button
        variant="quiet"
        className="h-8 gap-1.5 px-2 text-xs"
        title={text.steps.playHint}
        disabled={last < 0}
        onClick={player.toggle}
      >
        {playing ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />}
        <EitherWord first={text.steps.play} second={text.steps.pause} isSecond={playing} />
      </Button>
      <Button
        icon
        variant="quiet"
        aria-label={text.steps.next}
        title={text.steps.next}
        disabled={step >= last}
        onClick={() => store.select(step + 1)}
      >
        <ChevronRight size={16} aria-hidden />
      </Button>
      <Speed />
      <Loop last={last} />
    </div>
  );
}

interface EitherWordProps {
  first: string;
  second: string;
  isSecond: boolean;
}

/** One of two words, as wide as the wider: what stands beside it stays where it is. */
function EitherWord({ first, second, isSecond }: EitherWordProps) {
  return (
    <span className="grid text-left max-sm:sr-only">
      <Word said={!isSecond}>{first}</Word>
      <Word said={isSecond}>{second}</Word>
    </span>
  );
}

const Word = ({ said, children }: { said: boolean; children: string }) => (
  <span aria-hidden={!said} className={classNames("[grid-area:1/1]", !said && "invisible")}>
    {children}
  </span>
);

function Speed() {
  const player = usePlayer();
  const speed = usePlayerState((state) => state.speed);
  return (
    <select
      aria-label={text.timeline.speed}
      title={text.timeline.speed}
      value={speed}
      onChange={(event) => player.setSpeed(Number(event.target.value))}
      className="figures h-8 cursor-pointer rounded-md bg-transparent px-1 text-quiet text-xs hover:bg-well hover:text-ink"
    >
      {SPEEDS.map((each) => (
        <option key={each} value={each}>
          {text.timeline.perSecond(each)}
        </option>
      ))}
    </select>
  );
}

/** Pressed where there is a range; without one it takes all tokens, whose ends can be dragged. */
function Loop({ last }: { last: number }) {
  const words = text.timeline;
  const player = usePlayer();
  const range = within(
    usePlayerState((state) => state.range),
    last,
  );
  return (
    <Button
      variant="quiet"
      className={classNames(
        "relative h-8 gap-1.5 whitespace-nowrap px-2 text-xs sm:w-32 sm:justify-start @min-[68rem]:w-auto",
        range && "text-accent-strong hover:text-accent-strong",
      )}
      aria-pressed={range !== null}
      title={words.loopHint}
      disabled={last < 0}
      onClick={() => player.setRange(range ? null : { from: 0, to: last })}
    >
      <Repeat size={14} aria-hidden className="shrink-0" />
      <span className="max-sm:sr-only">{words.loop}</span>
      {range && (
        // Beside the word, or where the tokens stand beside it, under it: their place stays the same.
        <span
          aria-hidden
          className="figures max-sm:sr-only @min-[68rem]:absolute @min-[68rem]:top-full @min-[68rem]:left-2 @min-[68rem]:-mt-1.5 @min-[68rem]:text-micro"
        >
          {words.loopRange(range.from, range.to)}
        </span>
      )}
    </Button>
  );
}
