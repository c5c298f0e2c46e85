import { Refused } from "@/lib/client/failure";
import { endsRun, type Failure, type RunEvent } from "@/lib/contract/frames";
import { CONTRACT_VERSION, OtherVersion, parseEvent } from "@/lib/contract/parse-event";
import { ContractMismatch, parseJson } from "@/lib/contract/validate";
import { type TextLine, textLines } from "./text-lines";
import { words as recordingWords } from "./words";

/** The recording cannot be read further. `line` counts from 1. */
export class RecordingProblem extends Refused {
  constructor(
    failure: Failure,
    readonly line: number | null,
    readonly where: string | null = null,
  ) {
    super(failure);
    this.name = "RecordingProblem";
  }
}

interface Reading {
  readonly last: RunEvent | null;
  /** The index that the next token must have. */
  readonly next: number | null;
}

/**
 * Yields the events of a recording, plain or gzipped. All complete events are yielded before a
 * RecordingProblem is thrown.
 */
export async function* readRecording(file: Blob, name: string): AsyncGenerator<RunEvent, void> {
  try {
    yield* readEvents(file, name);
  } catch (error) {
    if (error instanceof RecordingProblem) throw error;
    const { title, detail } = recordingWords.unreadable;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RecordingProblem({ code: "unreadable_file", title, detail: detail(reason) }, null);
  }
}

async function* readEvents(file: Blob, name: string): AsyncGenerator<RunEvent, void> {
  const run = runReader(name);
  for await (const line of textLines(file)) {
    if (line.text.trim() !== "") yield run.take(line);
  }
  run.end();
}

/** Parses the lines of one run in order and checks their sequence. */
export interface RunReader {
  take(line: TextLine): RunEvent;
  /** Called at the end of the input. Throws if the run is incomplete. */
  end(): void;
}

/** @param behind the number of lines before the run; 0 at the start of a file */
export function runReader(name: string, behind = 0): RunReader {
  let reading: Reading = { last: null, next: null };
  let number = behind;
  return {
    take(line) {
      number = line.number;
      const first = reading.last === null && (behind > 0 ? "of a training" : "of the file");
      const event = eventOf(line, first, name);
      checkOrder(event, reading, number);
      reading = { last: event, next: nextIndex(event, reading.next) };
      return event;
    },
    end() {
      const { last } = reading;
      if (!last && behind === 0) {
        const { title, empty } = recordingWords.notARecording;
        throw new RecordingProblem({ code: "not_a_recording", title, detail: empty(name) }, null);
      }
      if (!last || !endsRun(last))
        throw torn(recordingWords.torn.ended(number, last?.type ?? "training"), number);
    },
  };
}

function nextIndex(event: RunEvent, next: number | null): number | null {
  if (event.type === "prompt") return event.prompt.written;
  return event.type === "token" ? event.frame.index + 1 : next;
}

/** Whether a line must be a start event, and what it starts. */
type First = false | "of the file" | "of a training";

function eventOf(line: TextLine, first: First, name: string): RunEvent {
  const { text, number } = line;
  if (first === "of the file" && !isStart(text)) throw notARecording(name, number);
  const json = jsonOf(line);
  if (first === "of a training" && json?.type !== "start") {
    const problem = recordingWords.broken.order(number, String(json?.type), "training");
    throw broken(problem, number, "type");
  }
  try {
    return parseEvent(text);
  } catch (error) {
    if (error instanceof OtherVersion) {
      throw otherVersion(error.version, number, error.where);
    }
    throw misfit(error, number);
  }
}

const FOLLOWS: Record<RunEvent["type"], readonly RunEvent["type"][]> = {
  start: [],
  queued: ["start", "queued"],
  prompt: ["start", "queued"],
  token: ["prompt", "token"],
  done: ["start", "queued", "prompt", "token"],
  error: ["start", "queued", "prompt", "token"],
};

function checkOrder(event: RunEvent, { last, next }: Reading, number: number): void {
  const words = recordingWords.broken;
  if (last && !FOLLOWS[event.type].includes(last.type)) {
    throw broken(words.order(number, event.type, last.type), number, "type");
  }
  if (event.type === "token" && next !== null && event.frame.index !== next) {
    throw broken(words.index(number, event.frame.index, next), number, "token.index");
  }
}

function isStart(json: string): boolean {
  try {
    return parseJson(json)?.type === "start";
  } catch {
    return false;
  }
}

/** Parses a line. Throws a RecordingProblem if it is cut off or not JSON. */
export function jsonOf({ text, number, whole }: TextLine): ReturnType<typeof parseJson> {
  try {
    return parseJson(text);
  } catch {
    const { torn: cut, broken: faulty } = recordingWords;
    throw whole ? broken(faulty.json(number), number) : torn(cut.line(number), number);
  }
}

export function notARecording(name: string, line: number | null): RecordingProblem {
  const { title, detail } = recordingWords.notARecording;
  return new RecordingProblem({ code: "not_a_recording", title, detail: detail(name) }, line);
}

export function otherVersion(given: unknown, line: number, where: string): RecordingProblem {
  const { title, detail } = recordingWords.version;
  const message = detail(JSON.stringify(given) ?? "", CONTRACT_VERSION, line, where);
  const failure = { code: "recording_version", title, detail: message };
  return new RecordingProblem(failure, line, where);
}

/** Converts a ContractMismatch to a problem of its line; returns other errors unchanged. */
export function misfit(error: unknown, line: number): unknown {
  if (!(error instanceof ContractMismatch)) return error;
  const { where, problem } = error;
  return broken(recordingWords.broken.misfit(line, where, problem), line, where);
}

export function broken(problem: string, line: number, where: string | null = null) {
  const { title, remedy } = recordingWords.broken;
  const detail = `${problem} ${remedy}`;
  return new RecordingProblem({ code: "recording_broken", title, detail }, line, where);
}

export function torn(problem: string, line: number): RecordingProblem {
  const { title, remedy } = recordingWords.torn;
  return new RecordingProblem(
    { code: "recording_torn", title, detail: `${problem} ${remedy}` },
    line,
  );
}
