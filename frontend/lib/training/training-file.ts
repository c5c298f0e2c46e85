import { logBlob } from "@/lib/recording/event-log";
import type { Training } from "./training-store";

/** The recording of a training: its looks as they were received, those that were let go left out. */
export function trainingBlob(training: Training): Blob {
  const looks = training.getState().moments.flatMap((moment) => moment.looks);
  const parts = looks.flatMap((look) =>
    look?.run.log ? [`${look.line}\n`, logBlob(look.run.log)] : [],
  );
  return new Blob(parts, { type: "application/x-ndjson" });
}
