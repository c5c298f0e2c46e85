"use client";

import dynamic from "next/dynamic";
import { useStore } from "zustand";
import { ErrorCard } from "@/components/ui/error-card";
import { orNothing } from "@/components/ui/or-nothing";
import { words as branchesWords } from "@/features/branches/words";
import { useOpenRecording } from "@/features/open-recording/use-open-recording";
import { words as panelLayoutWords } from "@/features/panel-layout/words";
import { trainingOf } from "@/features/training/trainings";
import { isWorthRetrying } from "@/lib/client/failure";
import { words as failuresWords } from "@/lib/client/words";
import type { Failure } from "@/lib/contract/frames";
import { runsInBrowser } from "@/lib/contract/in-browser";
import type { useModels } from "@/lib/models/use-models";
import { pickRecording, refusedFile } from "@/lib/recording/open-recording";
import { branchOf } from "@/lib/run/branches";
import { useRunContext, useRunState, useSessionState } from "@/lib/run/run-context";
import { canContinue } from "@/lib/run/run-record";

/** Loaded with the first training. */
const TrainingProblem = dynamic(() => orNothing(import("./training-problem")));

/** Returns a button that leads to the rejected setting, if the error names one. */
function fixOf({ code, field }: Failure, onFix: (name: string) => void) {
  if (!field) return undefined;
  const words = failuresWords;
  const label = code === "prompt_too_long" ? words.shorten : words.change;
  return { label, act: () => onFix(field) };
}

interface RunProblemProps {
  models: ReturnType<typeof useModels> | null;
  /** Focuses the field of a setting, given its name on the server. Absent if there is no form. */
  onFix?: (name: string) => void;
  /** Runs the form with this model. Absent if there is no form, or its model runs in the browser. */
  onModel?: ((name: string) => void) | undefined;
}

export function RunProblem({ models, onFix, onModel }: RunProblemProps) {
  const { store, controller } = useRunContext();
  const run = useRunState((state) => state.run);
  const fork = useSessionState(({ branches, chosen }) => branchOf(branches, chosen).fork);
  const model = run.start?.model.name;
  const modelGone =
    run.failure?.code === "unknown_model" && model ? branchesWords.modelGone(model) : null;
  const fileFailure = useStore(refusedFile, ({ failure }) => failure);
  const open = useOpenRecording();
  if (fileFailure) {
    const isExport = /^(export|model)_/.test(fileFailure.code);
    return (
      <ErrorCard
        failure={fileFailure}
        received={run.frames.length}
        onRetry={() => (isExport ? refusedFile.setState({ failure: null }) : pickRecording(open))}
        retryLabel={isExport ? panelLayoutWords.takeAway.dismiss : failuresWords.anotherFile}
      />
    );
  }
  const training = trainingOf(store);
  if (training) return <TrainingProblem training={training} />;
  const inBrowser = models?.list?.models.find(({ name }) => runsInBrowser(name))?.name;
  if (run.failure) {
    const isRecording = run.failure.code.startsWith("recording_");
    return (
      <ErrorCard
        failure={fork && modelGone ? { ...run.failure, detail: modelGone } : run.failure}
        received={run.frames.length}
        onRetry={() => (isRecording ? pickRecording(open) : void controller.retry())}
        fix={onFix && fixOf(run.failure, onFix)}
        instead={
          onModel && inBrowser && run.frames.length === 0 && isWorthRetrying(run.failure)
            ? { label: failuresWords.inBrowser, act: () => onModel(inBrowser) }
            : undefined
        }
        retryLabel={isRecording ? failuresWords.anotherFile : undefined}
        onResume={models && canContinue(run) ? () => void controller.resume() : undefined}
      />
    );
  }
  if (!models?.failure) return null;
  return <ErrorCard failure={models.failure} received={0} onRetry={models.reload} />;
}
