"use client";

import { branchOf } from "@/lib/run/branches";
import { canContinue } from "@/lib/run/run-record";
import { text } from "@/lib/text/en";
import { ErrorCard } from "./error-card";
import { useRunContext, useRunState, useSessionState } from "./run-context";
import type { useModels } from "./use-models";

/** What stands in the way, of the run or of the page itself. */
export function RunProblem({ models }: { models: ReturnType<typeof useModels> }) {
  const { controller } = useRunContext();
  const run = useRunState((state) => state.run);
  const branched = useSessionState(({ branches, chosen }) => branchOf(branches, chosen).fork);
  const model = run.start?.model.name;
  const gone = run.failure?.code === "unknown_model" && model ? text.fork.modelGone(model) : null;
  if (run.failure) {
    return (
      <ErrorCard
        failure={branched && gone ? { ...run.failure, detail: gone } : run.failure}
        received={run.frames.length}
        onRetry={() => void controller.retry()}
        onResume={canContinue(run) ? () => void controller.resume() : undefined}
      />
    );
  }
  if (!models.failure) return null;
  return <ErrorCard failure={models.failure} received={0} onRetry={models.reload} />;
}
