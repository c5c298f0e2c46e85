// @vitest-environment node
// jsdom does not implement Blob.stream().
import { expect, test } from "vitest";
import { RECORDED } from "@/lib/contract/recordings.fixture";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { canContinue } from "@/lib/run/run-record";
import { createRunStore } from "@/lib/run/run-store";
import { replayInto, type SavedRun, savedRun } from "./saved-run";

const now = (callback: () => void) => callback();
const newStore = () => createRunStore(now);

function saved(events = RECORDED.length): SavedRun {
  const value = savedRun(recordedRun(events));
  if (!value) throw new Error("nothing to keep");
  return value;
}

test("a restored run is unchanged and can be saved again", async () => {
  const store = newStore();
  await replayInto(store, saved());
  const { run } = store.getState();
  const before = recordedRun();
  expect(run.phase).toBe("done");
  expect(run.frames.map(({ text }) => text)).toEqual(before.frames.map(({ text }) => text));
  expect(run.source).toBeNull();
  expect(await savedRun(run)?.events.text()).toBe(await saved().events.text());
});

test("a run that the reload interrupted is stopped and can be continued", async () => {
  const store = newStore();
  await replayInto(store, saved(6));
  const { run } = store.getState();
  expect(run.phase).toBe("stopped");
  expect(run.frames.length).toBeGreaterThan(0);
  expect(canContinue(run)).toBe(true);
});

test("a run without a token is not saved", () => {
  expect(savedRun(recordedRun(2))).toBeNull();
});
