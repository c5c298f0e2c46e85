"use client";

import { ChevronLeft, ChevronRight, Pause, Play } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { classNames } from "@/components/ui/class-names";
import { currentStep } from "@/lib/run/run-store";
import { text } from "@/lib/text/en";
import { useRunContext, useRunState } from "./run-context";

/** Milliseconds that playing shows each token. */
const PLAY_INTERVAL = 160;

/** Which token the panels show: back, on, play, or follow the newest. */
export function StepNavigator() {
  const { store } = useRunContext();
  const step = useRunState(currentStep);
  const live = useRunState(({ selected }) => selected === null);
  const last = useRunState(({ run }) => run.frames.length - 1);
  const [playing, setPlaying] = usePlaying(step, last);
  const none = last < 0;
  const togglePlay = () => {
    if (!playing && step >= last) store.select(0);
    setPlaying(!playing);
  };
  return (
    <div
      role="group"
      data-tour="time"
      aria-label={text.steps.label}
      className="flex items-center gap-0.5"
    >
      <IconButton
        label={text.steps.previous}
        disabled={step <= 0}
        onClick={() => store.select(step - 1)}
      >
        <ChevronLeft size={16} aria-hidden />
      </IconButton>
      <Button
        variant="quiet"
        className="h-8 gap-1.5 px-2 text-xs sm:w-18"
        title={text.steps.playHint}
        disabled={none}
        onClick={togglePlay}
      >
        {playing ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />}
        <span className="max-sm:sr-only">{playing ? text.steps.pause : text.steps.play}</span>
      </Button>
      <IconButton
        label={text.steps.next}
        disabled={step >= last}
        onClick={() => store.select(step + 1)}
      >
        <ChevronRight size={16} aria-hidden />
      </IconButton>
      <span className="figures w-33 text-center text-quiet text-xs">
        {none ? text.steps.none : text.steps.at(step, last)}
      </span>
      <Button
        variant="quiet"
        className={classNames("h-7 gap-1.5 px-2 text-xs", live && "text-ink")}
        aria-pressed={live}
        title={text.steps.liveHint}
        disabled={none}
        onClick={() => store.select(null)}
      >
        <span
          aria-hidden
          className={classNames("size-1.5 rounded-full", live && !none ? "bg-accent" : "bg-edge")}
        />
        {text.steps.live}
      </Button>
    </div>
  );
}

function usePlaying(step: number, last: number) {
  const { store } = useRunContext();
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => {
      if (step < last) return store.select(step + 1);
      setPlaying(false);
      store.select(null);
    }, PLAY_INTERVAL);
    return () => clearTimeout(timer);
  }, [playing, step, last, store]);
  return [playing, setPlaying] as const;
}

interface IconButtonProps {
  label: string;
  disabled: boolean;
  onClick: () => void;
  children: React.ReactNode;
}

function IconButton({ label, children, ...rest }: IconButtonProps) {
  return (
    <Button icon variant="quiet" aria-label={label} title={label} {...rest}>
      {children}
    </Button>
  );
}
