import { describe, expect, test } from "vitest";
import { parseCompareEvent } from "@/lib/contract/parse-compare-event";
import { parseEvent } from "@/lib/contract/parse-event";
import { gapsOf, sampleOfType } from "@/lib/contract/samples.fixture";
import { applyEvent, EMPTY_RUN } from "./run-record";

const RUN_EVENTS = ["Start", "Queued", "Prompt", "Token", "Done", "Error"];
/** The settings of a start event are complete: the engine fills in defaults and the seed. */
const runGaps = RUN_EVENTS.flatMap((name) => gapsOf(name)).filter(
  ({ path }) => !path.startsWith("Start.settings"),
);
const COMPARE_EVENTS = ["Common", "Divergence", "Compared", "Error"];

describe("every event that the contract allows is parsed", () => {
  test.each(RUN_EVENTS)("%s with all of its fields", (name) => {
    expect(() => parseEvent(JSON.stringify(sampleOfType(name)))).not.toThrow();
  });

  test.each(runGaps)("$path", ({ value }) => {
    const event = parseEvent(JSON.stringify(value));
    // The run record must accept it too: no undefined where a number or null is expected.
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

  test("gapsOf finds the fields that may be null", () => {
    const paths = gapsOf("Token").map(({ path }) => path);
    expect(paths).toContain("Token.top[0].logit null");
    expect(paths).toContain("Token.layers.attn_norm null");
    expect(paths).toContain("Token.sampler_stages[0].said null");
  });
});
