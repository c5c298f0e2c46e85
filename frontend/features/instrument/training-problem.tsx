"use client";

import { useStore } from "zustand";
import { ErrorCard } from "@/components/ui/error-card";
import { useOpenRecording } from "@/features/open-recording/use-open-recording";
import type { Training } from "@/features/training/training-store";
import { words as trainingWords } from "@/features/training/words";
import { words as failuresWords } from "@/lib/client/words";
import { pickRecording } from "@/lib/recording/open-recording";
import { useRunState } from "@/lib/run/run-context";

/** Shows an error of the training's recording, or else of the run of the shown snapshot. */
export default function TrainingProblem({ training }: { training: Training }) {
  const { failure, moments } = useStore(training);
  const broken = useRunState(({ run }) => run.failure);
  const open = useOpenRecording();
  const shown = failure ?? broken;
  if (!shown) return null;
  const note = failure && moments.length > 0 ? trainingWords.kept(moments.length) : "";
  return (
    <ErrorCard
      failure={{ ...shown, detail: `${shown.detail} ${note}`.trim() }}
      received={0}
      onRetry={() => pickRecording(open)}
      retryLabel={failuresWords.anotherFile}
    />
  );
}
