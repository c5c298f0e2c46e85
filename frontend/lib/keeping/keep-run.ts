import { branchOf, recordOf } from "@/lib/run/branches";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import type { Session } from "@/lib/run/session";
import { isOfTraining } from "@/lib/training/trainings";
import { putKept, readKept, removeKept } from "./database";
import { whenLeft } from "./page-left";
import { EVERY_MS, type KeptRun, keptRun, MAX_BYTES_GOING_ON } from "./recorded";
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
  let keptAt = 0;
  const keepNow = () => {
    const run = recordOf(shown);
    if (isBusy(run)) {
      if (Date.now() - keptAt < EVERY_MS || (run.log?.bytes ?? 0) > MAX_BYTES_GOING_ON) return;
      keptAt = Date.now();
    }
    keep();
  };
  let stop = shown.store.subscribe(keepNow);
  const stopSession = session.subscribe(({ branches, chosen }) => {
    const now = branchOf(branches, chosen);
    if (now === shown) return;
    stop();
    shown = now;
    stop = shown.store.subscribe(keepNow);
    keepNow();
  });
  const stopLeft = whenLeft(keep);
  return () => {
    stop();
    stopSession();
    stopLeft();
  };
}
