// Reads lines on standard input with the site's own parser, and answers each with one line of JSON:
// {"read": …} with all numbers of typed arrays as lists (null for NaN), or {"refused": message}.
// A line is a kind, a space and the JSON that the server sent.
import { createInterface } from "node:readline";
import { ModelListSchema, ProblemSchema } from "@/lib/contract/schemas";
import { LookSchema } from "@/lib/contract/training-schemas";
import { parseCompareEvent } from "@/lib/contract/parse-compare-event";
import { parseEvent } from "@/lib/contract/parse-event";
import { ContractMismatch, parseJson, validated } from "@/lib/contract/validate";
import { applyEvent, EMPTY_RUN } from "@/lib/run/run-record";
import { predictionOf } from "@/panels/what-if/prediction";
import { type Controls, sampledWith } from "@/panels/what-if/sampler";

const READERS: Record<string, (json: string) => unknown> = {
  event: parseEvent,
  compare: parseCompareEvent,
  training: (json) => validated(LookSchema, parseJson(json), "training"),
  models: (json) => validated(ModelListSchema, parseJson(json), "models"),
  problem: (json) => validated(ProblemSchema, parseJson(json), "problem"),
  "what-if": triedAt,
};

interface Trial {
  /** The lines of a run's events. */
  readonly events: readonly string[];
  readonly controls: Controls;
}

/** The last token of a run as the site computes it for other sampling controls. */
function triedAt(json: string): unknown {
  const { events, controls } = JSON.parse(json) as Trial;
  const run = events.map(parseEvent).reduce(applyEvent, { ...EMPTY_RUN, frames: [] });
  const prediction = predictionOf(run, run.frames.length - 1);
  return prediction && sampledWith(prediction, controls);
}

const asJson = (_: string, value: unknown) =>
  ArrayBuffer.isView(value) ? [...(value as unknown as Float32Array)] : value;

function answer(line: string): unknown {
  const space = line.indexOf(" ");
  try {
    return { read: READERS[line.slice(0, space)]?.(line.slice(space + 1)) };
  } catch (error) {
    if (error instanceof ContractMismatch) return { refused: error.message };
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(line), asJson));
}
