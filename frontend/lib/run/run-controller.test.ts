import { expect, test, vi } from "vitest";
import type { RunRequest } from "@/lib/contract";
import { Refused, StreamBroken } from "@/lib/transport/failure";
import type { openRun } from "@/lib/transport/run-stream";
import { RECORDED } from "./fixtures/recording";
import type { RunEvent } from "./frames";
import { createRunController } from "./run-controller";
import { createRunStore } from "./run-store";

const atOnce = (callback: () => void) => callback();

/** A server that sends these events and then ends as told. */
function serverOf(...answers: { events: readonly RunEvent[]; ending?: Error }[]) {
  const asked: RunRequest[] = [];
  const open: typeof openRun = async function* (request) {
    asked.push(request);
    const answer = answers[asked.length - 1];
    yield* answer?.events ?? [];
    if (answer?.ending) throw answer.ending;
  };
  const store = createRunStore(atOnce);
  return { asked, store, controller: createRunController(store, open) };
}

test("a refused run tells what to change and can be asked for again", async () => {
  const failure = {
    code: "invalid_settings",
    title: "No",
    detail: "Too hot",
    field: "temperature",
  };
  const server = serverOf({ events: [], ending: new Refused(failure) }, { events: RECORDED });
  await server.controller.run({ prompt: "a" });
  expect(server.store.getState().run).toMatchObject({ phase: "failed", failure });
  await server.controller.retry();
  expect(server.store.getState().run.phase).toBe("done");
  expect(server.asked).toEqual([{ prompt: "a" }, { prompt: "a" }]);
});

test("a broken stream goes on from the received ids with the drawn seed", async () => {
  const broken = { events: RECORDED.slice(0, 7), ending: new StreamBroken("cut") };
  const server = serverOf(broken, { events: RECORDED });
  await server.controller.run({ prompt: "Once" });
  const kept = server.store.getState().run;
  expect(kept).toMatchObject({ phase: "failed", failure: { code: "stream_broken" } });
  expect(kept.frames).toHaveLength(5);
  const ids = kept.frames.map(({ id }) => id);
  await server.controller.resume();
  expect(server.asked[1]).toMatchObject({
    seed: 7,
    temperature: 0.8,
    forced_ids: ids,
  });
  expect(server.asked[1]).not.toHaveProperty("messages");
  expect(server.store.getState().run.phase).toBe("done");
});

test("stopping ends the request and ignores what still arrives", async () => {
  let aborted = vi.fn();
  const open: typeof openRun = async function* (_, signal) {
    aborted = vi.fn();
    signal.addEventListener("abort", aborted);
    yield* RECORDED.slice(0, 4);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    yield* RECORDED.slice(4);
  };
  const store = createRunStore(atOnce);
  const controller = createRunController(store, open);
  const run = controller.run({ prompt: "a" });
  await vi.waitFor(() => expect(store.getState().run.frames).toHaveLength(2));
  controller.stop();
  await run;
  expect(aborted).toHaveBeenCalledOnce();
  expect(store.getState().run.phase).toBe("stopped");
  expect(store.getState().run.frames).toHaveLength(2);
});

test("when nobody answers the failure says what to check", async () => {
  const server = serverOf({ events: [], ending: new TypeError("Failed to fetch") });
  await server.controller.run({ prompt: "a" });
  expect(server.store.getState().run.failure).toMatchObject({
    code: "unreachable",
    title: "The server cannot be reached",
  });
});
