import { expect, test, vi } from "vitest";
import { Refused, StreamBroken } from "@/lib/client/failure";
import type { openRun } from "@/lib/client/run-stream";
import type { FinishReason, RunRequest } from "@/lib/contract";
import type { RunEvent } from "@/lib/contract/frames";
import { RECORDED } from "@/lib/contract/recordings.fixture";
import { createRunController } from "./run-controller";
import { applyEvent, canContinue, isContextFull } from "./run-record";
import { createRunStore } from "./run-store";

const atOnce = (callback: () => void) => callback();

/** A server that answers each request with these events, then throws `ending` if given. */
function serverOf(...answers: { events: readonly RunEvent[]; ending?: Error }[]) {
  const requests: RunRequest[] = [];
  const open: typeof openRun = async function* (request) {
    requests.push(request);
    const answer = answers[requests.length - 1];
    yield* answer?.events ?? [];
    if (answer?.ending) throw answer.ending;
  };
  const store = createRunStore(atOnce);
  return { requests, store, controller: createRunController(store, open) };
}

test("a refused run reports the field to change and can be retried", async () => {
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
  expect(server.requests).toEqual([{ prompt: "a" }, { prompt: "a" }]);
});

test("a broken stream resumes with the received ids and the seed of the first part", async () => {
  const broken = { events: RECORDED.slice(0, 7), ending: new StreamBroken("cut") };
  const server = serverOf(broken, { events: RECORDED });
  await server.controller.run({ prompt: "Once" });
  const kept = server.store.getState().run;
  expect(kept).toMatchObject({ phase: "failed", failure: { code: "stream_broken" } });
  expect(kept.frames).toHaveLength(5);
  const ids = kept.frames.map(({ id }) => id);
  await server.controller.resume();
  expect(server.requests[1]).toMatchObject({
    seed: 7,
    temperature: 0.8,
    forced_ids: ids,
  });
  expect(server.requests[1]).not.toHaveProperty("messages");
  expect(server.store.getState().run.phase).toBe("done");
});

test("stopping aborts the request and ignores later events", async () => {
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

test("a request without a response fails with advice", async () => {
  const server = serverOf({ events: [], ending: new TypeError("Failed to fetch") });
  await server.controller.run({ prompt: "a" });
  expect(server.store.getState().run.failure).toMatchObject({
    code: "unreachable",
    title: "The server cannot be reached",
  });
});

const HELD = {
  type: "done",
  done: {
    reason: "breakpoint",
    tokens: 1,
    elapsedMs: 1,
    tokensPerSecond: null,
    resume: "mav1.token",
    hits: [{ condition: "after", value: 6, found: null }],
  },
} as const satisfies RunEvent;

const tokens = (from: number, to: number) => RECORDED.slice(2 + from, 2 + to);
const [START, PROMPT] = RECORDED as [RunEvent, RunEvent];

test("a paused run continues by one token, then with the server's resume token", async () => {
  const server = serverOf(
    { events: RECORDED.slice(0, 7), ending: new StreamBroken("cut") },
    { events: [START, PROMPT, ...tokens(0, 6), HELD] },
    { events: [START, PROMPT, ...tokens(6, 7), HELD] },
    { events: [START, PROMPT, ...RECORDED.slice(9)] },
  );
  await server.controller.run({ prompt: "Once" });
  await server.controller.step();
  expect(server.store.getState().run).toMatchObject({ phase: "paused" });
  expect(server.store.getState().run.frames).toHaveLength(6);
  await server.controller.step();
  expect(server.store.getState().run.frames).toHaveLength(7);
  await server.controller.resume({ loop: true });
  expect(server.store.getState().run.phase).toBe("done");
  const ids = RECORDED.flatMap((event) => (event.type === "token" ? [event.frame.id] : []));
  expect(server.store.getState().run.frames.map(({ id }) => id)).toEqual(ids);
  expect(server.requests[1]).toMatchObject({
    forced_ids: ids.slice(0, 5),
    breakpoints: { after: 6 },
  });
  expect(server.requests[2]).toMatchObject({ resume: "mav1.token", breakpoints: { after: 7 } });
  expect(server.requests[3]).toEqual({
    resume: "mav1.token",
    breakpoints: { loop: true, after: null },
  });
});

test("if the server refuses the resume token, the received ids are sent instead", async () => {
  const refused = { code: "resume_refused", title: "No", detail: "Expired", field: "resume" };
  const server = serverOf(
    { events: [START, PROMPT, ...tokens(0, 4), HELD] },
    { events: [], ending: new Refused(refused) },
    { events: RECORDED },
  );
  await server.controller.run({ prompt: "Once" });
  await server.controller.resume();
  expect(server.store.getState().run).toMatchObject({ phase: "done", failure: null });
  expect(server.requests[2]).toHaveProperty("forced_ids");
});

test("pausing aborts the request and keeps what was received", async () => {
  const aborted = vi.fn();
  const open: typeof openRun = async function* (_, signal) {
    signal.addEventListener("abort", aborted);
    yield* RECORDED.slice(0, 4);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  const store = createRunStore(atOnce);
  const controller = createRunController(store, open);
  const run = controller.run({ prompt: "a" });
  await vi.waitFor(() => expect(store.getState().run.frames).toHaveLength(2));
  controller.pause();
  await run;
  expect(aborted).toHaveBeenCalledOnce();
  expect(store.getState().run.phase).toBe("paused");
});

test.each([
  [" caf\ufffd", " caf", "é", " café"],
  // The whole text was held back until the run ended.
  ["\ufffd", "", "日", "日"],
])("a character that was cut in half is shown once, complete: %j", async (cut, kept, rest, all) => {
  const [first, second] = tokens(0, 2) as [
    RunEvent & { type: "token" },
    RunEvent & { type: "token" },
  ];
  const half = { ...first, frame: { ...first.frame, text: cut } };
  const whole = { ...second, frame: { ...second.frame, text: rest } };
  const again = {
    type: "prompt",
    prompt: { tokens: [], prefillMs: 1, written: 1, writtenText: kept },
  } as const;
  const server = serverOf(
    { events: [START, PROMPT, half, HELD] },
    { events: [START, again, whole, HELD] },
  );
  await server.controller.run({ prompt: "Once" });
  await server.controller.step();
  const { frames, prompt } = server.store.getState().run;
  expect(frames.map(({ text }) => text).join("")).toBe(all);
  expect(prompt?.tokens.length).toBeGreaterThan(0);
});

test("a run that ended at its limit continues for as many tokens again, each time", async () => {
  const limit = (events: readonly RunEvent[], max_new_tokens: number): RunEvent[] =>
    events.map((event) =>
      event.type === "start"
        ? {
            ...event,
            start: { ...event.start, settings: { ...event.start.settings, max_new_tokens } },
          }
        : event,
    );
  const ended = (events: readonly RunEvent[]) => [
    ...events,
    { ...HELD, done: { ...HELD.done, reason: "length", hits: [] } } as RunEvent,
  ];
  const refused = { code: "resume_refused", title: "No", detail: "Expired", field: "resume" };
  const server = serverOf(
    { events: ended(limit([START, PROMPT, ...tokens(0, 4)], 4)) },
    { events: ended(limit([START, PROMPT, ...tokens(4, 8)], 8)) },
    { events: [], ending: new Refused(refused) },
    { events: ended(limit([START, PROMPT, ...tokens(0, 10)], 12)) },
  );
  await server.controller.run({ prompt: "Once", max_new_tokens: 4 });
  expect(canContinue(server.store.getState().run)).toBe(true);
  await server.controller.resume();
  const { run } = server.store.getState();
  expect(run.frames).toHaveLength(8);
  expect(run.start?.settings.max_new_tokens).toBe(8);
  expect(server.requests[1]).toMatchObject({ resume: "mav1.token", max_new_tokens: 4 });
  await server.controller.resume();
  expect(server.requests[3]).toMatchObject({ max_new_tokens: 12 });
  expect(server.requests[3]?.forced_ids).toHaveLength(8);
  expect(server.store.getState().run.frames).toHaveLength(10);
});

test("a run that fills the model's context is not continued", async () => {
  const context = (PROMPT as RunEvent & { type: "prompt" }).prompt.tokens.length + 4;
  const start = START as RunEvent & { type: "start" };
  const small = { ...start, start: { ...start.start, model: { ...start.start.model, context } } };
  const full = { ...HELD, done: { ...HELD.done, reason: "length", hits: [] } } as RunEvent;
  const server = serverOf({ events: [small, PROMPT, ...tokens(0, 4), full] });
  await server.controller.run({ prompt: "Once" });
  expect(isContextFull(server.store.getState().run)).toBe(true);
  expect(canContinue(server.store.getState().run)).toBe(false);
});

test("a model of the browser continues an unfinished run without a token", async () => {
  const start = START as RunEvent & { type: "start" };
  const named = (name: string): RunEvent => ({
    ...start,
    start: { ...start.start, model: { ...start.start.model, name } },
  });
  const ended = (reason: FinishReason): RunEvent => ({
    ...HELD,
    done: { ...HELD.done, reason, hits: [], resume: null },
  });
  const cases = [
    ["browser:mav-tiny", "length", true],
    ["browser:mav-tiny", "breakpoint", true],
    ["browser:mav-tiny", "eos", false],
    ["mav-tiny", "length", false],
  ] as const;
  for (const [model, reason, can] of cases) {
    const events = [named(model), PROMPT, ...tokens(0, 4), ended(reason)];
    const { controller, store } = serverOf({ events });
    await controller.run({ prompt: "Once" });
    expect([model, reason, canContinue(store.getState().run)]).toEqual([model, reason, can]);
  }
});

test("the context of a recorded continuation includes the tokens generated before", () => {
  const { run } = serverOf().store.getState();
  const start = START as RunEvent & { type: "start" };
  const prompt = PROMPT as RunEvent & { type: "prompt" };
  const context = prompt.prompt.tokens.length + 2;
  const events: RunEvent[] = [
    { ...start, start: { ...start.start, model: { ...start.start.model, context } } },
    { ...prompt, prompt: { ...prompt.prompt, written: 2, writtenText: "ab" } },
    ...tokens(2, 4),
  ];
  expect(isContextFull(events.reduce(applyEvent, { ...run, frames: [] }))).toBe(true);
});
