"use client";

import dynamic from "next/dynamic";
import { useStore } from "zustand";
import { pickRecording, refusedFile } from "@/lib/recording/open-recording";
import { branchOf } from "@/lib/run/branches";
import type { Failure } from "@/lib/run/frames";
import { canContinue } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import { trainingOf } from "@/lib/training/trainings";
import { ErrorCard } from "./error-card";
import { useRunContext, useRunState, useSessionState } from "./run-context";
import type { useModels } from "./use-models";
import { useOpenRecording } from "./use-open-recording";

/** Loaded with the first training. */
const TrainingProblem = dynamic(() => import("./training/training-problem"));

/** The way to the setting that a request was refused for; none where there is no field of it. */
function fixOf({ code, field }: Failure, onFix: (name: string) => void) {
  if (!field) return undefined;
  const words = text.failures;
  const label = code === "prompt_too_long" ? words.shorten : words.change;
  return { label, act: () => onFix(field) };
}

/** What stands in the way, of the run or of the page itself. */
interface RunProblemProps {
  models: ReturnType<typeof useModels> | null;
  /** Shows a setting by its name on the server; absent where there is no form. */
  onFix?: (name: string) => void;
}

export function RunProblem({ models, onFix }: RunProblemProps) {
  const { store, controller } = useRunContext();
  const run = useRunState((state) => state.run);
  const branched = useSessionState(({ branches, chosen }) => branchOf(branches, chosen).fork);
  const model = run.start?.model.name;
  const gone = run.failure?.code === "unknown_model" && model ? text.fork.modelGone(model) : null;
  const refused = useStore(refusedFile, ({ failure }) => failure);
  const open = useOpenRecording();
  if (refused) {
    const made = refused.code === "export_failed";
    return (
      <ErrorCard
        failure={refused}
        received={run.frames.length}
        onRetry={() => (made ? refusedFile.setState({ failure: null }) : pickRecording(open))}
        retryLabel={made ? text.takeAway.dismiss : text.recording.another}
      />
    );
  }
  const training = trainingOf(store);
  if (training) return <TrainingProblem training={training} />;
  if (run.failure) {
    const recorded = run.failure.code.startsWith("recording_");
    return (
      <ErrorCard
        failure={branched && gone ? { ...run.failure, detail: gone } : run.failure}
        received={run.frames.length}
        onRetry={() => (recorded ? pickRecording(open) : void controller.retry())}
        fix={onFix && fixOf(run.failure, onFix)}
        retryLabel={recorded ? text.recording.another : undefined}
        onResume={models && canContinue(run) ? () => void controller.resume() : undefined}
      />
    );
  }
  if (!models?.failure) return null;
  return <ErrorCard failure={models.failure} received={0} onRetry={models.reload} />;
}
