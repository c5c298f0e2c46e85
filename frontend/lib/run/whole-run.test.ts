// @vitest-environment node
// jsdom does not implement Blob.text().
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refused, StreamBroken } from "@/lib/client/failure";
import type { openRun } from "@/lib/client/run-stream";
import type { RunRequest } from "@/lib/contract";
import type { RunEvent } from "@/lib/contract/frames";
import { parseEvent } from "@/lib/contract/parse-event";
import { RECORDED, RECORDED_LINES } from "@/lib/contract/recordings.fixture";
import { type EventLog, logBlob } from "./event-log";
import { recordedRun } from "./recorded-run.fixture";
import { createRunController } from "./run-controller";
import { applyEvent, canContinue, EMPTY_RUN, isBusy } from "./run-record";
import { createRunStore } from "./run-store";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Wire = Record<string, unknown>;
const LINES = RECORDED_LINES.map((line): Wire => JSON.parse(line));
const [START, PROMPT] = LINES as [Wire, Wire];
const TOKENS = LINES.slice(2, -1);
const IDS = RECORDED.flatMap((event) => (event.type === "token" ? [event.frame.id] : []));
const TEXTS = TOKENS.map(({ text }) => text as string);
const textOf = (from: number, to: number) => TEXTS.slice(from, to).join("");
const event = (wire: Wire): RunEvent => parseEvent(JSON.stringify(wire));

const end = (reason: string, from: number, to: number, resume: string | null = null): Wire => ({
  type: "done",
  reason,
  text: textOf(from, to) + (reason === "deadline" ? "\ufffd" : ""),
  tokens: to - from,
  elapsed_ms: 1000,
  // Half a second for all tokens but the first.
  tokens_per_second: to - from > 1 ? 2 * (to - from - 1) : null,
  resume,
  hits: [],
});

/**
 * The events of a part from one token to another. Its time limit ends it in the middle of a
 * character, so the text of its last token is incomplete.
 */
function part(from: number, to: number, resume: string | null, forced = 0): RunEvent[] {
  const isCut = to < TOKENS.length;
  const tokens = TOKENS.slice(from, to).map((token, n) => ({
    ...token,
    forced: from + n < forced,
    text: `${token.text}${isCut && from + n === to - 1 ? "\ufffd" : ""}`,
  }));
  const start = { ...START, run_id: `from ${from}` };
  const prompt = { ...PROMPT, written: from, written_text: textOf(0, from) };
  const done = isCut ? end("deadline", from, to, resume) : end("length", from, to);
  return [start, prompt, ...tokens, done].map(event);
}

type Answer = (request: RunRequest, signal: AbortSignal) => Iterable<RunEvent>;

/** A server, or several, that answers each request with the next of these. */
function siteWith(...answers: Answer[]) {
  const requests: RunRequest[] = [];
  const times: number[] = [];
  const open: typeof openRun = async function* (request, signal) {
    requests.push(request);
    times.push(Date.now());
    const answer = answers[requests.length - 1];
    if (!answer) throw new Error("one request too many");
    yield* answer(request, signal);
  };
  const store = createRunStore((callback) => callback());
  const phases: string[] = [];
  store.subscribe(({ run }) => phases.at(-1) !== run.phase && phases.push(run.phase));
  const pauses = () => times.slice(1).map((time, n) => time - (times[n] ?? 0));
  const shown = () => store.getState().run;
  return { requests, phases, pauses, store, shown, controller: createRunController(store, open) };
}

/** Instances behind one address that take turns. Each run ends after `limit` new tokens. */
function instances(limit: number, share: boolean): Answer {
  let calls = 0;
  return (request) => {
    const instance = calls++ % 2;
    const [signer, written] = (request.resume ?? `${instance} 0`).split(" ").map(Number) as [
      number,
      number,
    ];
    if (signer !== instance && !share) throw new Refused(REFUSED, 422);
    const forced = request.forced_ids?.length ?? 0;
    const to = Math.min(TOKENS.length, Math.max(written, forced) + limit);
    return part(written, to, `${instance} ${to}`, forced);
  };
}

const REFUSED = { code: "resume_refused", title: "No", detail: "", field: "resume" };
const BUSY = { code: "busy", title: "Busy", detail: "", retryAfterS: 3 };
const throws = (error: Error) => (): Iterable<RunEvent> => {
  throw error;
};
const first: Answer = () => part(0, 5, "token 5");
const rest: Answer = () => part(5, TOKENS.length, null);
const linesOf = async (log: EventLog | null): Promise<Wire[]> =>
  (await logBlob(log as EventLog).text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test.each([true, false])(
  "a run over two instances is an unbroken run; they share a secret: %s",
  async (share) => {
    const server = instances(5, share);
    const site = siteWith(...Array(9).fill(server));
    await site.controller.run({ prompt: "Once" });
    const run = site.shown();
    const unbroken = recordedRun();
    expect(site.phases).toEqual(["connecting", "prefill", "running", "done"]);
    expect(run.frames).toEqual(unbroken.frames);
    expect(run.domains).toEqual(unbroken.domains);
    expect(run.prompt).toEqual(unbroken.prompt);
    expect(site.requests.slice(0, 2)).toEqual([{ prompt: "Once" }, { resume: "0 5" }]);
    const forced = site.requests.flatMap(({ forced_ids }) => (forced_ids ? [forced_ids] : []));
    expect(forced).toEqual(share ? [] : [IDS.slice(0, 5), IDS.slice(0, 10)]);

    const { elapsed_ms: _, tokens_per_second: __, ...done } = LINES.at(-1) as Wire;
    const saved = await linesOf(run.log);
    expect(saved.slice(1, -1)).toEqual(LINES.slice(1, -1));
    expect(saved[0]).toEqual({ ...START, run_id: "from 0" });
    expect(saved.at(-1)).toMatchObject({ ...done, resume: null });

    const again = saved.map(event).reduce(applyEvent, { ...EMPTY_RUN, frames: [] });
    expect(again.frames).toEqual(unbroken.frames);
    expect(again).toMatchObject({ phase: "done", done: run.done });
  },
);

test("a run of a server that shuts down continues on another", async () => {
  const shutDown: Answer = () => [
    ...part(0, 5, null).slice(0, -1),
    event(end("cancelled", 0, 5, "t")),
  ];
  const { controller, requests, shown } = siteWith(shutDown, throws(new Refused(BUSY, 503)), rest);
  const running = controller.run({ prompt: "x" });
  await vi.runAllTimersAsync();
  await running;
  expect(requests.slice(1)).toEqual([{ resume: "t" }, { resume: "t" }]);
  expect(shown().frames.map(({ id }) => id)).toEqual(IDS);
  expect(shown().done?.reason).toBe("length");
});

test("the end has the tokens, the time and the rate of all parts", async () => {
  const site = siteWith(first, rest);
  await site.controller.run({ prompt: "Once" });
  const { done, log } = site.shown();
  // 4 and 6 tokens, without the first of each part, in half a second each.
  expect(done).toMatchObject({ tokens: 12, elapsedMs: 2000, tokensPerSecond: 10 });
  expect((await linesOf(log)).at(-1)).toMatchObject({
    tokens: 12,
    elapsed_ms: 2000,
    tokens_per_second: 10,
    text: textOf(0, 12),
  });
});

test("a continuation is tried again while the server is busy or out of reach", async () => {
  const site = siteWith(
    first,
    throws(new TypeError("Failed to fetch")),
    throws(new Refused({ code: "error", title: "", detail: "" }, 502)),
    throws(new Refused(BUSY, 503)),
    () => [...part(5, 5, null).slice(0, 1), { type: "error", failure: BUSY }],
    rest,
  );
  const running = site.controller.run({ prompt: "Once" });
  await vi.runAllTimersAsync();
  await running;
  expect(site.shown()).toMatchObject({ phase: "done", failure: null });
  expect(site.phases).toEqual(["connecting", "prefill", "running", "done"]);
  expect(site.pauses()).toEqual([0, 500, 1000, 3000, 4000]);
  expect(site.shown().frames).toEqual(recordedRun().frames);
});

test("a continuation that keeps failing is shown, and Continue sends the token again", async () => {
  const broken = throws(new TypeError("Failed to fetch"));
  const site = siteWith(first, ...Array(6).fill(broken), rest);
  const running = site.controller.run({ prompt: "Once" });
  await vi.runAllTimersAsync();
  await running;
  expect(site.shown()).toMatchObject({ phase: "failed", failure: { code: "unreachable" } });
  expect(canContinue(site.shown())).toBe(true);
  expect((await linesOf(site.shown().log)).at(-1)).toMatchObject({ reason: "deadline", tokens: 5 });
  await site.controller.resume();
  expect(site.requests.at(-1)).toMatchObject({ resume: "token 5" });
  expect(site.shown().phase).toBe("done");
  expect(site.shown().done).toMatchObject({ tokens: 12, elapsedMs: 2000 });
});

test.each([
  ["that the visitor would wait for too long", new Refused({ ...BUSY, retryAfterS: 600 }, 429)],
  ["that will not pass", new Refused({ code: "unknown_model", title: "", detail: "" }, 404)],
])("an error %s is shown at once", async (_, error) => {
  const site = siteWith(first, throws(error));
  await site.controller.run({ prompt: "Once" });
  expect(site.shown()).toMatchObject({ phase: "failed", failure: error.failure });
});

test("a stream that breaks after a token is not repeated", async () => {
  const site = siteWith(first, function* () {
    yield* part(5, TOKENS.length, null).slice(0, 4);
    throw new StreamBroken("cut");
  });
  await site.controller.run({ prompt: "Once" });
  expect(site.shown()).toMatchObject({ phase: "failed", failure: { code: "stream_broken" } });
  expect(site.shown().frames).toHaveLength(7);
});

test.each([
  ["stop", "stopped"],
  ["pause", "paused"],
] as const)("%s between two parts ends the run, and it can be continued", async (act, phase) => {
  const site = siteWith(first, throws(new TypeError("Failed to fetch")), rest);
  const running = site.controller.run({ prompt: "Once" });
  await vi.advanceTimersByTimeAsync(100);
  expect(isBusy(site.shown())).toBe(true);
  site.controller[act]();
  await vi.runAllTimersAsync();
  await running;
  expect(site.requests).toHaveLength(2);
  expect(site.shown().phase).toBe(phase);
  await site.controller.resume();
  expect(site.requests.at(-1)?.forced_ids).toEqual(IDS.slice(0, 5));
  expect(site.shown().frames).toEqual(recordedRun().frames);
});

test("a breakpoint in a later part stops the run", async () => {
  const stopped = {
    ...end("breakpoint", 5, 8, "token 8"),
    hits: [{ condition: "loop", value: 1, found: null }],
  };
  const site = siteWith(first, () => [...part(5, 8, null).slice(0, -2), event(stopped)]);
  await site.controller.run({ prompt: "Once" });
  expect(site.shown()).toMatchObject({ phase: "done", done: { reason: "breakpoint", tokens: 7 } });
});

test.each([
  ["computes no token", () => part(5, 5, "token 5")],
  ["waits in the queue", () => [event(START), event(end("deadline", 5, 5))]],
])("a limit within which a part only %s ends the run with an error", async (_, empty) => {
  const site = siteWith(first, empty, rest);
  await site.controller.run({ prompt: "Once" });
  expect(site.requests).toHaveLength(2);
  expect(site.shown()).toMatchObject({
    phase: "failed",
    failure: { code: "time_limit_too_short" },
    done: { reason: "deadline", resume: "token 5" },
  });
  await site.controller.resume();
  expect(site.shown().phase).toBe("done");
});

test("a part that repeats received tokens must reach more of them than the one before", async () => {
  const reaches = (to: number) => () => part(0, to, `token ${to}`, 5);
  const refused = throws(new Refused(REFUSED, 422));
  const site = siteWith(first, refused, reaches(2), refused, reaches(4), refused, reaches(4), rest);
  await site.controller.run({ prompt: "Once" });
  expect(site.requests).toHaveLength(7);
  expect(site.shown().failure?.code).toBe("time_limit_too_short");
});

test("a run that only waited for its turn is over", async () => {
  const site = siteWith(() => [event(START), event(end("deadline", 0, 0))]);
  await site.controller.run({ prompt: "Once" });
  expect(site.shown()).toMatchObject({ phase: "done", done: { reason: "deadline", tokens: 0 } });
});

test("waiting behind other runs is shown, loading the model is not", async () => {
  const queued = (position: number): RunEvent => ({ type: "queued", position });
  const [start, ...others] = part(5, TOKENS.length, null) as [RunEvent, ...RunEvent[]];
  const site = siteWith(first, () => [start, queued(0), ...others]);
  await site.controller.run({ prompt: "Once" });
  expect(site.phases).toEqual(["connecting", "prefill", "running", "done"]);
  const behind = siteWith(first, () => [start, queued(2), ...others]);
  await behind.controller.run({ prompt: "Once" });
  expect(behind.phases).toEqual(["connecting", "prefill", "running", "queued", "running", "done"]);
});
