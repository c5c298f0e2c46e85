import { createStore } from "zustand/vanilla";
import { failureOf } from "@/lib/client/failure";
import type { Failure, RunEvent } from "@/lib/contract/frames";
import { isTrainingLine } from "./training-line";

/** The failure of the file opened last, if nothing of it could be shown. */
export const refusedFile = createStore<{ readonly failure: Failure | null }>(() => ({
  failure: null,
}));

/** The functions that show a recording of a run or of a training. */
export interface Show {
  run(events: AsyncIterable<RunEvent>, name: string): Promise<void>;
  training(file: File): Promise<void>;
}

const reader = () => import("./read-recording");
const lines = () => import("./text-lines");

/** Loads the code that reads recordings, so that they can be opened offline later. */
export const preloadReader = () => Promise.all([reader(), lines()]);

/**
 * Opens a recording. If the file is not a recording, the failure is reported and the current run
 * stays.
 */
export async function openRecording(file: File, show: Show): Promise<void> {
  if (await isTraining(file)) return show.training(file);
  try {
    const { readRecording } = await reader();
    const events = readRecording(file, file.name);
    const { value: first } = await events.next();
    refusedFile.setState({ failure: null });
    if (first) await show.run(after(first, events), file.name);
  } catch (error) {
    refusedFile.setState({ failure: failureOf(error) });
  }
}

/** Whether the file begins like the recording of a training. */
export async function isTraining(file: Blob): Promise<boolean> {
  try {
    const { textLines } = await lines();
    for await (const { text } of textLines(file)) return isTrainingLine(text);
  } catch {
    // The error is reported when the file is read as a run.
  }
  return false;
}

async function* after(first: RunEvent, rest: AsyncIterable<RunEvent>): AsyncGenerator<RunEvent> {
  yield first;
  yield* rest;
}

/** Opens the file picker for a recording. */
export function pickRecording(open: (file: File) => void): void {
  const accept = ".jsonl,.ndjson,.gz,application/x-ndjson";
  pickFiles({ accept }, ([file]) => file && open(file));
}

/** Opens the file picker. */
export function pickFiles(
  properties: Pick<Partial<HTMLInputElement>, "accept" | "multiple">,
  take: (files: readonly File[]) => void,
): void {
  const input = document.createElement("input");
  Object.assign(input, { type: "file", ...properties });
  input.addEventListener("change", () => take([...(input.files ?? [])]));
  input.click();
}
