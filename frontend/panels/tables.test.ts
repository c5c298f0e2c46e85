import { expect, test } from "vitest";
import { parseEvent } from "@/lib/contract/parse-event";
import { sampleOfType } from "@/lib/contract/samples.fixture";
import { applyEvent, EMPTY_RUN } from "@/lib/run/run-record";
import { textTable } from "./generated-text/table";
import { predictionsTable } from "./top-predictions/table";

test("missing numbers are empty cells", () => {
  const sample = sampleOfType("Token") as Record<string, unknown>;
  const [candidate] = sample.top as Record<string, unknown>[];
  const token = { ...sample, index: 0, logprob: null, top: [{ ...candidate, logit: null }] };
  const run = applyEvent({ ...EMPTY_RUN, frames: [] }, parseEvent(JSON.stringify(token)));
  expect(run.frames[0]).toMatchObject({ prob: 0, logprob: Number.NEGATIVE_INFINITY });
  expect(textTable(run).rows[0]?.slice(4, 6)).toEqual([0, null]);
  expect(predictionsTable(run, 0).rows[0]?.[3]).toBeNull();
});
