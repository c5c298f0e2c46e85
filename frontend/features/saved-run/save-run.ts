import { isOfTraining } from "@/features/training/trainings";
import { putSaved, readSaved, removeSaved } from "@/lib/persistence/database";
import { whenLeft } from "@/lib/persistence/page-left";
import { EVERY_MS, MAX_BYTES_GOING_ON, type SavedRun, savedRun } from "@/lib/persistence/saved-run";
import { tab } from "@/lib/persistence/tab";
import { branchOf, isBundled, recordOf } from "@/lib/run/branches";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import type { Session } from "@/lib/run/session";

const KEY = `${tab}.run`;
/** The finished run of any tab that was shown last. */
const LAST = "last.run";

/** Returns the run that this tab showed last, or else the last finished run of another tab. */
export const readSavedRun = async (): Promise<SavedRun | null> =>
  ((await readSaved(KEY)) ?? (await readSaved(LAST))) as SavedRun | null;

export function deleteSavedRun(): void {
  removeSaved(KEY);
  removeSaved(LAST);
}

/**
 * Saves the shown run at intervals, when it ends, and when the page is closed; a finished one also
 * for other tabs, unless it is a recording, which is a file already. Returns a function that stops
 * saving.
 */
export function keepShownRun(session: Session): () => void {
  let saved: RunRecord | null = null;
  let shown = branchOf(session.getState().branches, session.getState().chosen);
  let savedAt = 0;
  const keep = () => {
    const run = recordOf(shown);
    // Snapshots of a training are restored with the training.
    if (run === saved || isOfTraining(shown.store) || isBundled(shown)) return;
    const value = savedRun(run);
    if (!value) return;
    saved = run;
    savedAt = Date.now();
    putSaved(KEY, value);
    if (run.phase === "done" && run.source === null) putSaved(LAST, value);
  };
  const keepNow = () => {
    const run = recordOf(shown);
    const isDue = Date.now() - savedAt >= EVERY_MS;
    if (!isBusy(run) || (isDue && (run.log?.bytes ?? 0) <= MAX_BYTES_GOING_ON)) keep();
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
