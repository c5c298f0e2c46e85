"use client";

import { canContinue } from "@/lib/run/run-record";
import { ErrorCard } from "./error-card";
import { useRunContext, useRunState } from "./run-context";
import type { useModels } from "./use-models";

/** What stands in the way, of the run or of the page itself. */
export function RunProblem({ models }: { models: ReturnType<typeof useModels> }) {
  const { controller } = useRunContext();
  const run = useRunState((state) => state.run);
  if (run.failure) {
    return (
      <ErrorCard
        failure={run.failure}
        received={run.frames.length}
        onRetry={() => void controller.retry()}
        onResume={canContinue(run) ? () => void controller.resume() : undefined}
      />
    );
  }
  if (!models.failure) return null;
  return <ErrorCard failure={models.failure} received={0} onRetry={models.reload} />;
}
