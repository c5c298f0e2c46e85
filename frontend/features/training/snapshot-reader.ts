import { endsRun } from "@/lib/contract/frames";
import { CONTRACT_VERSION } from "@/lib/contract/parse-event";
import { LookSchema, type WireLook } from "@/lib/contract/training-schemas";
import { validated } from "@/lib/contract/validate";
import {
  jsonOf,
  misfit,
  notARecording,
  otherVersion,
  type RunReader,
  runReader,
} from "@/lib/recording/read-recording";
import { type TextLine, textLines } from "@/lib/recording/text-lines";
import { isTrainingLine } from "@/lib/recording/training-line";
import { applyEvent, EMPTY_RUN, type RunRecord } from "@/lib/run/run-record";

/** A training step and its loss, in nats per token. */
export type StepLoss = Readonly<WireLook["losses"][number]>;

/** The run of one prompt after a number of training steps. */
export interface Snapshot {
  /** Number of optimizer steps that were done. */
  readonly step: number;
  /** Index of the prompt. */
  readonly prompt: number;
  /** Loss of the last step before the snapshot. Null if the training did not report it. */
  readonly loss: number | null;
  /** Seconds since the training started or was resumed. */
  readonly elapsedS: number;
  /** Losses since the previous snapshot. Only the first prompt has them. */
  readonly losses: readonly StepLoss[];
  /** The line of the recording, as received. */
  readonly line: string;
  readonly run: RunRecord;
}

/** Reads the lines of a training's recording, in order. */
export interface SnapshotReader {
  /** Returns the snapshot that ends with this line, or null. Throws RecordingProblem. */
  take(line: TextLine): Snapshot | null;
  /** Returns the snapshot that has begun but not ended, if it has at least one token, or null. */
  unfinished(): Snapshot | null;
  /** Call after the last line. Throws if a snapshot is incomplete or there is none. */
  end(): void;
}

/**
 * Creates a reader.
 *
 * @param name name of the file in error messages
 * @param source name of the file beside the run
 * @param live accepts incomplete snapshots, which occur in a file that is still being written
 */
export function snapshotReader(name: string, source: string, live = false): SnapshotReader {
  let look: Snapshot | null = null;
  let reader: RunReader | null = null;
  const begin = (line: TextLine) => {
    if (!live) reader?.end();
    look = { ...headOf(line), run: { ...EMPTY_RUN, frames: [], source } };
    look = { ...look, run: { ...look.run, trained: look.step } };
    reader = runReader(name, line.number);
  };
  return {
    take(line) {
      if (line.text.trim() === "") return null;
      if (isTrainingLine(line.text)) {
        begin(line);
        return null;
      }
      if (!look || !reader) throw notARecording(name, line.number);
      const event = reader.take(line);
      look = { ...look, run: applyEvent(look.run, event) };
      return endsRun(event) ? look : null;
    },
    unfinished() {
      const run = look?.run;
      if (!look || !run || run.frames.length === 0 || run.done || run.failure) return null;
      return { ...look, run: { ...run, phase: "failed" } };
    },
    end() {
      if (!reader) throw notARecording(name, null);
      reader.end();
    },
  };
}

/** Yields the snapshots of a recording as soon as each is complete. Throws like `readRecording`. */
export async function* readTraining(file: Blob, name: string): AsyncGenerator<Snapshot, void> {
  const reader = snapshotReader(name, name);
  try {
    for await (const line of textLines(file)) {
      const look = reader.take(line);
      if (look) yield look;
    }
    reader.end();
  } catch (error) {
    const begun = reader.unfinished();
    if (begun) yield begun;
    throw error;
  }
}

function headOf(line: TextLine): Omit<Snapshot, "run"> {
  const json = jsonOf(line);
  if (json?.v !== CONTRACT_VERSION) throw otherVersion(json?.v, line.number, "training.v");
  try {
    const { step, prompt, loss, elapsed_s, losses } = validated(LookSchema, json, "training");
    return { step, prompt, loss, elapsedS: elapsed_s, losses, line: line.text };
  } catch (error) {
    throw misfit(error, line.number);
  }
}
