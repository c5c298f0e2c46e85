"use client";

import { ChevronLeft, ChevronRight, Pause, Play } from "lucide-react";
import { Button } from "@/components/ui/button";
import { SpeedSelect } from "@/components/ui/speed-select";
import { LOOK_SPEEDS } from "./training-player";
import { shownPlace } from "./training-store";
import {
  useTraining,
  useTrainingPlayer,
  useTrainingPlayerState,
  useTrainingState,
} from "./use-training";
import { words } from "./words";

/** Buttons for the previous snapshot, play and the next snapshot, and for the speed. */
export function TrainingControls() {
  const training = useTraining();
  const player = useTrainingPlayer();
  const { playing, speed } = useTrainingPlayerState((state) => state);
  const place = useTrainingState(shownPlace);
  const last = useTrainingState(({ moments }) => moments.length - 1);
  const go = (to: number) => {
    player.pause();
    training.choose(to);
  };
  return (
    <div role="group" aria-label={words.controls} className="-ml-2.5 flex items-center gap-0.5">
      <Button
        icon
        variant="quiet"
        aria-label={words.previous}
        aria-keyshortcuts=","
        title={`${words.previous} (,)`}
        disabled={place <= 0}
        onClick={() => go(place - 1)}
      >
        <ChevronLeft size={16} aria-hidden />
      </Button>
      <Button
        variant="quiet"
        className="h-8 min-w-20 justify-start gap-1.5 px-2 text-xs"
        title={words.playHint}
        disabled={last < 1}
        onClick={player.toggle}
      >
        {playing ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />}
        {playing ? words.pause : words.play}
      </Button>
      <Button
        icon
        variant="quiet"
        aria-label={words.next}
        aria-keyshortcuts="."
        title={`${words.next} (.)`}
        disabled={place >= last}
        onClick={() => go(place + 1)}
      >
        <ChevronRight size={16} aria-hidden />
      </Button>
      <SpeedSelect
        label={words.speed}
        speeds={LOOK_SPEEDS}
        value={speed}
        format={words.perSecond}
        onChange={player.setSpeed}
      />
    </div>
  );
}
