// @vitest-environment node
// jsdom does not implement Blob.stream().
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readRecording } from "@/lib/recording/read-recording";
import { applyEvent, EMPTY_RUN, type RunRecord } from "@/lib/run/run-record";
import { neededCaptures, PANELS } from "@/panels/registry";

const FILE = "public/recordings/mav-tiny-first.jsonl";
const MAX_BYTES = 150_000;

async function recorded() {
  let run: RunRecord = { ...EMPTY_RUN, frames: [] };
  const file = new Blob([readFileSync(FILE)]);
  for await (const event of readRecording(file, "first")) run = applyEvent(run, event);
  return run;
}

test("the recording fits the contract and is small", async () => {
  const run = await recorded();
  // Paused, so that it can be continued.
  expect(run.phase).toBe("paused");
  expect(run.start?.model.name).toBe("mav-tiny");
  expect(readFileSync(FILE).length).toBeLessThan(MAX_BYTES);
});

test("it ends with the token of which the model is least certain", async () => {
  const { frames } = await recorded();
  const entropies = frames.map(({ entropy }) => entropy);
  expect(frames.length).toBeGreaterThan(8);
  expect(entropies.at(-1)).toBe(Math.max(...entropies));
});

test("it has what the panels of a first visit need", async () => {
  const { start } = await recorded();
  const captured = start?.probes.map(({ name }) => name);
  for (const probe of neededCaptures(PANELS.filter(({ open }) => open))) {
    expect(captured, "make recording").toContain(probe);
  }
});
