import { expect, test } from "vitest";
import { RECORDED } from "@/lib/contract/recordings.fixture";
import { canFork, forkRequest, isForkable } from "./fork";
import { applyEvent, EMPTY_RUN, type RunRecord } from "./run-record";

const recorded = RECORDED.reduce<RunRecord>(applyEvent, EMPTY_RUN);

function onServer(continues: readonly ("prompt" | "messages")[]): RunRecord {
  const { start } = recorded;
  if (!start) throw new Error("no start");
  const server = {
    ...{ name: "far", kind: "other", not_available: {}, tokenizes: [] },
    continues: [...continues],
  };
  return { ...recorded, start: { ...start, model: { ...start.model, server } } };
}

const point = { step: 2, token: { id: 7, text: " dog", prob: 0.1 }, instead: " cat" };

test("a fork of a model with ids forces ids", () => {
  if (!isForkable(recorded, 2)) throw new Error("not forkable");
  const request = forkRequest(recorded, point);
  expect(request.forced_ids).toEqual([...recorded.frames.slice(0, 2).map(({ id }) => id), 7]);
});

test("a fork on a chat server forces texts, if it continues them", () => {
  const run = onServer(["prompt"]);
  if (!isForkable(run, 2)) throw new Error("not forkable");
  const request = forkRequest(run, point);
  expect(request.forced_texts).toEqual([
    ...recorded.frames.slice(0, 2).map(({ text }) => text),
    " dog",
  ]);
  expect(canFork(run)).toBe(true);
  expect(canFork(onServer([]))).toBe(false);
  expect(canFork(onServer(["messages"]))).toBe(false);
  expect(canFork(recorded)).toBe(true);
});
