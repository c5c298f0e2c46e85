import { describe, expect, test } from "vitest";
import { parseCompareEvent } from "@/lib/compare/parse-compare-event";
import { parseEvent } from "@/lib/run/parse-event";
import { applyEvent, EMPTY_RUN } from "@/lib/run/run-record";
import { predictionsTable, textTable } from "@/panels/tables";
import { gapsOf, sampleOfType } from "./samples.fixture";

const RUN_EVENTS = ["Start", "Queued", "Prompt", "Token", "Done", "Error"];
/** The settings of a start event are resolved: the engine sends all of them, with the seed drawn. */
const runGaps = RUN_EVENTS.flatMap((name) => gapsOf(name)).filter(
  ({ path }) => !path.startsWith("Start.settings"),
);
const COMPARE_EVENTS = ["Common", "Divergence", "Compared", "Error"];

describe("every event that the contract allows is read", () => {
  test.each(RUN_EVENTS)("%s with all of its fields", (name) => {
    expect(() => parseEvent(JSON.stringify(sampleOfType(name)))).not.toThrow();
  });

  test.each(runGaps)("$path", ({ value }) => {
    const event = parseEvent(JSON.stringify(value));
    // What is read can be shown: nothing of it is undefined where a number or null belongs.
    expect(() => applyEvent({ ...EMPTY_RUN, frames: [] }, event)).not.toThrow();
  });

  test.each(COMPARE_EVENTS.flatMap((name) => gapsOf(name)))(
    "in a comparison, $path",
    ({ value }) => {
      expect(() => parseCompareEvent(JSON.stringify(value))).not.toThrow();
    },
  );

  test.each(runGaps)("of one side, $path", ({ value }) => {
    const json = JSON.stringify({ type: "side", side: "a", event: value });
    expect(() => parseCompareEvent(json)).not.toThrow();
  });

  test("the walk finds the fields that may be null", () => {
    const paths = gapsOf("Token").map(({ path }) => path);
    expect(paths).toContain("Token.top[0].logit null");
    expect(paths).toContain("Token.layers.attn_norm null");
    expect(paths).toContain("Token.sampler_stages[0].said null");
  });
});

test("what has no number is an empty cell, not a wrong one", () => {
  const sample = sampleOfType("Token") as Record<string, unknown>;
  const [candidate] = sample.top as Record<string, unknown>[];
  const token = { ...sample, index: 0, logprob: null, top: [{ ...candidate, logit: null }] };
  const run = applyEvent({ ...EMPTY_RUN, frames: [] }, parseEvent(JSON.stringify(token)));
  expect(run.frames[0]).toMatchObject({ prob: 0, logprob: Number.NEGATIVE_INFINITY });
  expect(textTable(run).rows[0]?.slice(4, 6)).toEqual([0, null]);
  expect(predictionsTable(run, 0).rows[0]?.[3]).toBeNull();
});
