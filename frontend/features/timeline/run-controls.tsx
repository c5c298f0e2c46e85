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

/** Buttons to pause the run on the server, to generate one more token, and to continue. */
export function RunControls({ breakpoints }: RunControlsProps) {
  const { controller } = useRunContext();
  const run = useRunState((state) => state.run);
  const held = canContinue(run) && run.phase !== "failed";
  return (
    <div className="flex flex-wrap items-center gap-1.5 print:hidden">
      <Button
        className="h-8 px-2.5 text-xs"
        title={words.holdHint}
        aria-keyshortcuts="P"
        disabled={!isHoldable(run)}
        onClick={controller.pause}
      >
        <CirclePause size={14} aria-hidden />
        {words.hold}
      </Button>
      <Button
        className="h-8 px-2.5 text-xs"
        title={words.stepHint}
        aria-keyshortcuts="N"
        disabled={!held}
        onClick={() => void controller.step(breakpoints())}
      >
        <StepForward size={14} aria-hidden />
        {words.step}
      </Button>
      <Button
        className="h-8 px-2.5 text-xs"
        title={hintOf(run)}
        disabled={!held}
        onClick={() => void controller.resume(breakpoints())}
      >
        <FastForward size={14} aria-hidden />
        {words.goOn}
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
