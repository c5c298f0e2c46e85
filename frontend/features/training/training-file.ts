import { logBlob } from "@/lib/run/event-log";
import type { Training } from "./training-store";

/**
 * Returns the recording of a training: the lines as received, without snapshots that were dropped.
 */
export function trainingBlob(training: Training): Blob {
  const looks = training.getState().moments.flatMap((moment) => moment.looks);
  const parts = looks.flatMap((look) =>
    look?.run.log ? [`${look.line}\n`, logBlob(look.run.log)] : [],
  );
  return new Blob(parts, { type: "application/x-ndjson" });
}
