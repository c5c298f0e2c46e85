import { createStore } from "zustand/vanilla";
import type { Failure, RunEvent } from "@/lib/run/frames";
import { failureOf } from "@/lib/transport/failure";

/** What is wrong with the file that was opened last, where nothing of it could be shown. */
export const refusedFile = createStore<{ readonly failure: Failure | null }>(() => ({
  failure: null,
}));

/** How a recording is put on the page: of a run, or of a training. */
export interface Show {
  run(events: AsyncIterable<RunEvent>, name: string): Promise<void>;
  training(file: File): Promise<void>;
}

const reader = () => import("./read-recording");
const lines = () => import("./text-lines");

/** Load what reads recordings, so that they also open once there is no network. */
export const preloadReader = () => Promise.all([reader(), lines()]);

/** Show a recording; a file that is none is told of, and the run on the page stays. */
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

/** Whether a file begins as the recording of a training does. */
export async function isTraining(file: Blob): Promise<boolean> {
  try {
    const { textLines } = await lines();
    for await (const { text } of textLines(file))
      return /^\s*\{\s*"type"\s*:\s*"training"/.test(text);
  } catch {
    // What cannot be read is told where it is read as a run.
  }
  return false;
}

async function* after(first: RunEvent, rest: AsyncIterable<RunEvent>): AsyncGenerator<RunEvent> {
  yield first;
  yield* rest;
}

/** Ask the visitor for a file. */
export function pickRecording(open: (file: File) => void): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".jsonl,.ndjson,.gz,application/x-ndjson";
  input.addEventListener("change", () => {
    const [file] = input.files ?? [];
    if (file) open(file);
  });
  input.click();
}
