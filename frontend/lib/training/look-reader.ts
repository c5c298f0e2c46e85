import {
  broken,
  otherVersion,
  RecordingProblem,
  type RunReader,
  runReader,
  torn,
} from "@/lib/recording/read-recording";
import { type TextLine, textLines } from "@/lib/recording/text-lines";
import { CONTRACT_VERSION } from "@/lib/run/parse-event";
import { applyEvent, EMPTY_RUN, type RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text";

/** A training step and the training's loss there, in nats a token. */
export type StepLoss = readonly [step: number, loss: number];

/** One prompt run through the model after so many training steps. */
export interface Look {
  /** Optimizer steps that were done. */
  readonly step: number;
  /** Which of the prompts, from 0. */
  readonly prompt: number;
  /** Of the step before; null where the training did not tell it. */
  readonly loss: number | null;
  /** Seconds since the training began, or was taken up again. */
  readonly elapsedS: number;
  /** Since the look before; they stand with the first prompt. */
  readonly losses: readonly StepLoss[];
  /** The line that tells all this, as it was received. */
  readonly line: string;
  readonly run: RunRecord;
}

/** Takes the lines of a training's recording in their order. */
export interface LookReader {
  /** The look that this line ends, if it ends one. Throws a RecordingProblem. */
  take(line: TextLine): Look | null;
  /** What was received of a look that has not ended: at least a token, or null. */
  unfinished(): Look | null;
  /** No more comes: throws where the recording stops in a look or holds none. */
  end(): void;
}

/** Whether a line tells a training step, whatever else stands in it. */
export const isLookLine = (line: string): boolean => /^\s*\{\s*"type"\s*:\s*"training"/.test(line);

/**
 * @param name what the file is called in what is said of it
 * @param source the same as it is shown beside the run
 * @param live whether a look that was left off is no fault: the file was cut and goes on
 */
export function lookReader(name: string, source: string, live = false): LookReader {
  let look: Look | null = null;
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
      if (isLookLine(line.text)) {
        begin(line);
        return null;
      }
      if (!look || !reader) throw notATraining(name, line.number);
      const event = reader.take(line);
      look = { ...look, run: applyEvent(look.run, event) };
      return event.type === "done" || event.type === "error" ? look : null;
    },
    unfinished() {
      const run = look?.run;
      if (!look || !run || run.frames.length === 0 || run.done || run.failure) return null;
      return { ...look, run: { ...run, phase: "failed" } };
    },
    end() {
      if (!reader) throw notATraining(name, null);
      reader.end();
    },
  };
}

/** The looks of a recording, each as soon as it is whole; throws as `readRecording` does. */
export async function* readTraining(file: Blob, name: string): AsyncGenerator<Look, void> {
  const reader = lookReader(name, name);
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

function headOf(line: TextLine): Omit<Look, "run"> {
  const told = parsed(line);
  if (told.v !== CONTRACT_VERSION) throw otherVersion(told.v, line.number, "training.v");
  const whole = (name: string) => checked(line, name, told[name], isCount);
  const loss = checked(line, "loss", told.loss, (value) => value === null || isNumber(value));
  const losses = told.losses ?? [];
  checked(line, "losses", losses, isCurve);
  return {
    step: whole("step") as number,
    prompt: whole("prompt") as number,
    loss: loss as number | null,
    elapsedS: checked(line, "elapsed_s", told.elapsed_s, isNumber) as number,
    losses: losses as readonly StepLoss[],
    line: line.text,
  };
}

function parsed(line: TextLine): Record<string, unknown> {
  try {
    return JSON.parse(line.text);
  } catch {
    const words = text.recording;
    if (!line.whole) throw torn(words.torn.line(line.number), line.number);
    throw broken(words.broken.json(line.number), line.number);
  }
}

function checked(
  line: TextLine,
  name: string,
  value: unknown,
  fits: (value: unknown) => boolean,
): unknown {
  if (fits(value)) return value;
  const where = `training.${name}`;
  const problem = text.training.misfit(JSON.stringify(value) ?? "");
  throw broken(text.recording.broken.misfit(line.number, where, problem), line.number, where);
}

const isNumber = (value: unknown): boolean => typeof value === "number";
const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;
const isCurve = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every((point) => Array.isArray(point) && isCount(point[0]) && isNumber(point[1]));

function notATraining(name: string, line: number | null): RecordingProblem {
  const { title, detail } = text.recording.notARecording;
  return new RecordingProblem({ code: "not_a_recording", title, detail: detail(name) }, line);
}
