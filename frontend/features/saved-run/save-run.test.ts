// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { RECORDED } from "@/lib/contract/recordings.fixture";
import { putSaved } from "@/lib/persistence/database";
import type { SavedRun } from "@/lib/persistence/saved-run";
import { branchOf } from "@/lib/run/branches";
import { createRunStore } from "@/lib/run/run-store";
import { createSession } from "@/lib/run/session";
import { keepShownRun } from "./save-run";

vi.mock("@/lib/persistence/database", { spy: true });

afterEach(() => vi.useRealTimers());

/** The number of tokens of each save. */
const saves = () => vi.mocked(putSaved).mock.calls.map(([, value]) => (value as SavedRun).tokens);

test("a run is saved at its first token, at intervals, and when the page is left", () => {
  vi.useFakeTimers();
  const session = createSession(
    () => (async function* () {})(),
    () => createRunStore((publish) => publish()),
  );
  const stop = keepShownRun(session);
  const { branches, chosen } = session.getState();
  const { store } = branchOf(branches, chosen);
  store.begin("nothing");
  const before = RECORDED.findIndex(({ type }) => type === "token");
  const tokens = RECORDED.slice(before).filter(({ type }) => type === "token");
  for (const event of RECORDED.slice(0, before)) store.receive(event);
  expect(saves()).toEqual([]);
  for (const event of tokens.slice(0, 3)) store.receive(event);
  expect(saves()).toEqual([1]);
  vi.advanceTimersByTime(3_000);
  for (const event of tokens.slice(3, 5)) store.receive(event);
  expect(saves()).toEqual([1, 4]);
  window.dispatchEvent(new Event("pagehide"));
  expect(saves()).toEqual([1, 4, 5]);
  stop();
});
