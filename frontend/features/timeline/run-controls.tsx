"use client";

import { CirclePause, FastForward, StepForward } from "lucide-react";
import { Button } from "@/components/ui/button";
import type { Breakpoints } from "@/lib/contract";
import { useRunContext, useRunState } from "@/lib/run/run-context";
import { canContinue, isAtLimit, isContextFull, type RunRecord } from "@/lib/run/run-record";
import { words } from "./words";

interface RunControlsProps {
  /** Returns the breakpoints in the form. Changes apply when a paused run continues. */
  breakpoints: () => Breakpoints;
}

const SHAPE = "h-8 gap-1.5 whitespace-nowrap px-2 text-xs";
const WORD = "@max-[54rem]:sr-only";

/** Buttons to pause the run on the server, to generate one more token, and to continue. */
export function RunControls({ breakpoints }: RunControlsProps) {
  const { controller } = useRunContext();
  const run = useRunState((state) => state.run);
  const held = canContinue(run) && run.phase !== "failed";
  return (
    <div className="-ml-2 flex items-center @min-[34rem]:mr-auto @min-[34rem]:ml-0">
      <Button
        variant="quiet"
        className={SHAPE}
        title={words.holdHint}
        aria-keyshortcuts="P"
        disabled={!isHoldable(run)}
        onClick={controller.pause}
      >
        <CirclePause size={14} aria-hidden />
        <span className={WORD}>{words.hold}</span>
      </Button>
      <Button
        variant="quiet"
        className={SHAPE}
        title={words.stepHint}
        aria-keyshortcuts="N"
        disabled={!held}
        onClick={() => void controller.step(breakpoints())}
      >
        <StepForward size={14} aria-hidden />
        <span className={WORD}>{words.step}</span>
      </Button>
      <Button
        variant="quiet"
        className={SHAPE}
        title={hintOf(run)}
        disabled={!held}
        onClick={() => void controller.resume(breakpoints())}
      >
        <FastForward size={14} aria-hidden />
        <span className={WORD}>{words.goOn}</span>
      </Button>
    </div>
  );
}

function hintOf(run: RunRecord): string {
  if (isContextFull(run)) return words.goOnFull;
  return run.phase === "done" && isAtLimit(run) ? words.goOnMoreHint : words.goOnHint;
}

const isHoldable = ({ phase, frames }: RunRecord): boolean =>
  phase === "running" && frames.length > 0;
