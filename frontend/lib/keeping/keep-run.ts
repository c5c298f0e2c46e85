import { branchOf, recordOf } from "@/lib/run/branches";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import type { Session } from "@/lib/run/session";
import { isOfTraining } from "@/lib/training/trainings";
import { putKept, readKept, removeKept } from "./database";
import { whenLeft } from "./page-left";
import { type KeptRun, keptRun } from "./recorded";
import { tab } from "./tab";

const KEY = `${tab}.run`;

export const readKeptRun = async (): Promise<KeptRun | null> =>
  (await readKept(KEY)) as KeptRun | null;

export const forgetKeptRun = (): void => removeKept(KEY);

/** Keeps the run that is shown whenever it ends or the page is left; ends with what it returns. */
export function keepShownRun(session: Session): () => void {
  let kept: RunRecord | null = null;
  let shown = branchOf(session.getState().branches, session.getState().chosen);
  const keep = () => {
    const run = recordOf(shown);
    // The looks of a training are opened from the training.
    if (run === kept || isOfTraining(shown.store)) return;
    const value = keptRun(run);
    if (!value) return;
    kept = run;
    putKept(KEY, value);
  };
  const keepEnded = () => {
    if (!isBusy(recordOf(shown))) keep();
  };
  let stop = shown.store.subscribe(keepEnded);
  const stopSession = session.subscribe(({ branches, chosen }) => {
    const now = branchOf(branches, chosen);
    if (now === shown) return;
    stop();
    shown = now;
    stop = shown.store.subscribe(keepEnded);
    keepEnded();
  });
  const stopLeft = whenLeft(keep);
  return () => {
    stop();
    stopSession();
    stopLeft();
  };
}
