import type { Failure, RunEvent } from "@/lib/run/frames";
import { ContractMismatch } from "@/lib/run/parse-array";
import { CONTRACT_VERSION, OtherVersion, parseEvent } from "@/lib/run/parse-event";
import { text } from "@/lib/text";
import { Refused } from "@/lib/transport/failure";
import { type TextLine, textLines } from "./text-lines";

/** Why a recording gives no more events; `line` counts from 1. */
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
 * The events of a recording, plain or gzipped. All that is whole is given before anything is
 * thrown; what is thrown is a RecordingProblem.
 */
export async function* readRecording(file: Blob, name: string): AsyncGenerator<RunEvent, void> {
  try {
    yield* readEvents(file, name);
  } catch (error) {
    if (error instanceof RecordingProblem) throw error;
    const { title, detail } = text.recording.unreadable;
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

/** Takes the lines of one run in their order, and says what is wrong with them. */
export interface RunReader {
  take(line: TextLine): RunEvent;
  /** No more comes: throws where the run's own end is missing. */
  end(): void;
}

/** @param behind the number of the line behind which the run stands; 0 for a file of its own. */
export function runReader(name: string, behind = 0): RunReader {
  let reading: Reading = { last: null, next: null };
  let number = behind;
  return {
    take(line) {
      number = line.number;
      const first = reading.last === null && (behind > 0 ? "of a training" : "of the file");
      const event = eventOf(line.text, number, { first, whole: line.whole, name });
      checkOrder(event, reading, number);
      reading = { last: event, next: nextIndex(event, reading.next) };
      return event;
    },
    end() {
      const { last } = reading;
      if (!last && behind === 0) {
        const { title, empty } = text.recording.notARecording;
        throw new RecordingProblem({ code: "not_a_recording", title, detail: empty(name) }, null);
      }
      if (last?.type !== "done" && last?.type !== "error")
        throw torn(text.recording.torn.ended(number, last?.type ?? "training"), number);
    },
  };
}

function nextIndex(event: RunEvent, next: number | null): number | null {
  if (event.type === "prompt") return event.prompt.written;
  return event.type === "token" ? event.frame.index + 1 : next;
}

interface Line {
  /** Whether a start event must stand here, and of what it is the beginning. */
  readonly first: false | "of the file" | "of a training";
  /** Whether it ends in a line break. */
  readonly whole: boolean;
  readonly name: string;
}

function eventOf(json: string, number: number, { first, whole, name }: Line): RunEvent {
  const words = text.recording;
  if (first === "of the file" && !isStart(json)) {
    const { title, detail } = words.notARecording;
    throw new RecordingProblem({ code: "not_a_recording", title, detail: detail(name) }, number);
  }
  if (!isJson(json)) {
    if (!whole) throw torn(words.torn.line(number), number);
    throw broken(words.broken.json(number), number);
  }
  if (first === "of a training" && !isStart(json)) {
    throw broken(
      words.broken.order(number, String(JSON.parse(json)?.type), "training"),
      number,
      "type",
    );
  }
  try {
    return parseEvent(json);
  } catch (error) {
    if (error instanceof OtherVersion) {
      throw otherVersion(error.version, number, error.where);
    }
    if (!(error instanceof ContractMismatch)) throw error;
    const { where, problem } = error;
    throw broken(words.broken.misfit(number, where, problem), number, where);
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
  const words = text.recording.broken;
  if (last && !FOLLOWS[event.type].includes(last.type)) {
    throw broken(words.order(number, event.type, last.type), number, "type");
  }
  if (event.type === "token" && next !== null && event.frame.index !== next) {
    throw broken(words.index(number, event.frame.index, next), number, "token.index");
  }
}

function isStart(json: string): boolean {
  try {
    return JSON.parse(json)?.type === "start";
  } catch {
    return false;
  }
}

function isJson(json: string): boolean {
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}

export function otherVersion(given: unknown, line: number, where: string): RecordingProblem {
  const { title, detail } = text.recording.version;
  const told = detail(JSON.stringify(given) ?? "", CONTRACT_VERSION, line, where);
  const failure = { code: "recording_version", title, detail: told };
  return new RecordingProblem(failure, line, where);
}

export function broken(problem: string, line: number, where: string | null = null) {
  const { title, remedy } = text.recording.broken;
  const detail = `${problem} ${remedy}`;
  return new RecordingProblem({ code: "recording_broken", title, detail }, line, where);
}

export function torn(problem: string, line: number): RecordingProblem {
  const { title, remedy } = text.recording.torn;
  return new RecordingProblem(
    { code: "recording_torn", title, detail: `${problem} ${remedy}` },
    line,
  );
}
