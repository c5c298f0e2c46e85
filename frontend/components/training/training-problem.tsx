"use client";

import { useStore } from "zustand";
import { ErrorCard } from "@/components/error-card";
import { pickRecording } from "@/lib/recording/open-recording";
import { text } from "@/lib/text";
import type { Training } from "@/lib/training/training-store";
import { useRunState } from "../run-context";
import { useOpenRecording } from "../use-open-recording";

/** What is wrong with a training's recording, or what ended the run of the look that is shown. */
export default function TrainingProblem({ training }: { training: Training }) {
  const { failure, moments } = useStore(training);
  const broken = useRunState(({ run }) => run.failure);
  const open = useOpenRecording();
  const told = failure ?? broken;
  if (!told) return null;
  const kept = failure && moments.length > 0 ? text.training.kept(moments.length) : "";
  return (
    <ErrorCard
      failure={{ ...told, detail: `${told.detail} ${kept}`.trim() }}
      received={0}
      onRetry={() => pickRecording(open)}
      retryLabel={text.recording.another}
    />
  );
}
