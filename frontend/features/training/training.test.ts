import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { failureOf } from "@/lib/client/failure";
import { isTraining, openRecording, refusedFile } from "@/lib/recording/open-recording";
import { RecordingProblem } from "@/lib/recording/read-recording";
import { createRunStore } from "@/lib/run/run-store";
import { openTraining, watchLive } from "./open-training";
import { readTraining, type Snapshot, snapshotReader } from "./snapshot-reader";
import { trainingBlob } from "./training-file";
import { createTrainingPlayer } from "./training-player";
import {
  createTraining,
  MAX_TOKENS,
  shownPlace,
  shownSnapshot,
  withSnapshot,
} from "./training-store";
import { trainingOf } from "./trainings";

const FOLDER = "../tests/recordings/training";
const WHOLE = readFileSync(`${FOLDER}/mav-tiny-learns.jsonl`);
const LINES = WHOLE.toString().trim().split("\n");
const blob = (bytes: string | Uint8Array) => new Blob([bytes as BlobPart]);
const atOnce = (callback: () => void) => callback();

/** The expectations, which the Python tests of the same files share. */
interface Broken {
  readonly file: string;
  readonly code: string;
  readonly line: number;
  readonly field: string | null;
  readonly looks: number;
  /** Number of tokens in the incomplete snapshot. */
  readonly partial: number;
}
const BROKEN: readonly Broken[] = JSON.parse(
  readFileSync(`${FOLDER}/broken/expected.json`).toString(),
);

async function read(bytes: string | Uint8Array) {
  const looks: Snapshot[] = [];
  try {
    for await (const look of readTraining(blob(bytes), "t.jsonl")) looks.push(look);
  } catch (error) {
    return { looks, problem: error };
  }
  return { looks, problem: null };
}

/** Opens a training and the run whose panels show it. */
async function shownTraining() {
  const store = createRunStore(atOnce);
  const place = { store, show: vi.fn() };
  const training = await openTraining(blob(WHOLE), "t.jsonl", place);
  if (!training) throw new Error("nothing could be shown");
  return { store, training, place };
}
const textOf = (look: Snapshot | undefined) => look?.run.frames.map(({ text }) => text).join("");

afterEach(() => {
  vi.unstubAllGlobals();
  refusedFile.setState({ failure: null });
});

describe("reading a recording", () => {
  test.each([
    ["plain", WHOLE],
    ["gzipped", gzipSync(WHOLE)],
  ])("yields every snapshot, %s", async (_, bytes) => {
    const { looks, problem } = await read(bytes);
    expect(problem).toBeNull();
    expect(looks.map(({ step, prompt }) => [step, prompt])).toEqual(
      [0, 10, 50].flatMap((step) => [
        [step, 0],
        [step, 1],
      ]),
    );
    expect(looks[0]).toMatchObject({ loss: null, losses: [], run: { trained: 0, phase: "done" } });
    expect(looks[4]?.losses.at(-1)?.[0]).toBe(50);
    expect(await isTraining(blob(bytes))).toBe(true);
  });

  test.each(BROKEN)(
    "$file: reports the error and reads the complete lines before it",
    async (broken) => {
      const { looks, problem } = await read(readFileSync(`${FOLDER}/broken/${broken.file}`));
      expect(problem).toBeInstanceOf(RecordingProblem);
      const { line, where } = problem as RecordingProblem;
      expect([failureOf(problem).code, line, where]).toEqual([
        broken.code,
        broken.line,
        broken.field,
      ]);
      const whole = looks.filter(({ run }) => run.phase === "done");
      expect(whole).toHaveLength(broken.looks);
      const begun = looks.find(({ run }) => run.phase === "failed");
      expect(begun?.run.frames.length ?? 0).toBe(broken.partial);
    },
  );

  test("rejects the recording of a single run, which is opened as a run", async () => {
    const run = readFileSync("../tests/recordings/mav-tiny.jsonl");
    expect(failureOf((await read(run)).problem).code).toBe("not_a_recording");
    expect(await isTraining(blob(run))).toBe(false);
    const opened: string[] = [];
    const show = {
      run: async () => void opened.push("run"),
      training: async () => void opened.push("training"),
    };
    await openRecording(new File([run], "run.jsonl"), show);
    await openRecording(new File([WHOLE as BlobPart], "t.jsonl"), show);
    expect(opened).toEqual(["run", "training"]);
  });
});

describe("a training", () => {
  test("shows its first snapshot, then the selected one", async () => {
    const { store, training, place } = await shownTraining();
    expect(place.show).toHaveBeenCalledExactlyOnceWith("t.jsonl");
    expect(trainingOf(store)).toBe(training);
    expect(training.getState()).toMatchObject({ following: "read", failure: null });
    expect(store.getState().run.trained).toBe(0);
    store.select(2);
    training.choose(2);
    expect(store.getState().run.trained).toBe(50);
    expect(store.getState().selected).toBe(2);
    expect(textOf(shownSnapshot(training.getState()))).toBe(", there was a little girl");
    training.choosePrompt(1);
    expect(store.getState().run.start?.settings.prompt).toBe("Lily was sad because");
    training.choose(99);
    expect(shownPlace(training.getState())).toBe(2);
  });

  test("shows all snapshots on the same scale", async () => {
    const { store, training } = await shownTraining();
    const before = store.getState().run.domains;
    training.choose(2);
    expect(store.getState().run.domains).toEqual(before);
    const widest = Math.max(
      ...training
        .getState()
        .moments.flatMap(({ looks }) => looks.map((look) => look?.run.domains.residNorm?.max ?? 0)),
    );
    expect(before.residNorm?.max).toBe(widest);
  });

  test("is saved as it was received", async () => {
    const { training } = await shownTraining();
    expect(await trainingBlob(training).text()).toBe(WHOLE.toString());
  });

  test("keeps the snapshots before an error, and shows the error", async () => {
    const store = createRunStore(atOnce);
    const torn = blob(readFileSync(`${FOLDER}/broken/cut-in-a-look.jsonl`));
    const training = await openTraining(torn, "t.jsonl", { store, show: () => {} });
    expect(training?.getState()).toMatchObject({ failure: { code: "recording_torn" } });
    expect(training?.getState().moments[0]?.looks).toHaveLength(2);
    const other = blob(readFileSync(`${FOLDER}/broken/other-version.jsonl`));
    expect(await openTraining(other, "t.jsonl", { store, show: () => {} })).toBeNull();
    expect(refusedFile.getState().failure?.code).toBe("recording_version");
  });

  test("that was resumed drops the later steps of the earlier attempt", async () => {
    const { training } = await shownTraining();
    const { moments } = training.getState();
    const again = moments[1]?.looks[0] as Snapshot;
    training.choose(2);
    training.receive({ ...again, losses: [] });
    expect(training.getState().moments.map(({ step }) => step)).toEqual([0, 10]);
    expect(training.getState().again).toBe(10);
    expect(training.getState().losses.at(-1)?.[0]).toBe(10);
    expect(shownPlace(training.getState())).toBe(1);
  });

  test("limits its memory by dropping snapshots, and counts them", async () => {
    const { training } = await shownTraining();
    const [look] = training.getState().moments[0]?.looks ?? [];
    if (!look) throw new Error("no look");
    let state = createTraining(createRunStore(atOnce), { source: "" }).getState();
    const each = look.run.frames.length;
    const count = Math.ceil((MAX_TOKENS / each) * 1.5);
    for (let step = 0; step < count; step++) state = withSnapshot(state, { ...look, step });
    expect(state.moments.length * each).toBeLessThanOrEqual(MAX_TOKENS);
    expect(state.moments.length + state.thinned).toBe(count);
    expect(state.moments[0]?.step).toBe(0);
    expect(state.moments.at(-1)?.step).toBe(count - 1);
  });

  test("plays all snapshots, and starts again from the first", async () => {
    const { training } = await shownTraining();
    const waiting: (() => void)[] = [];
    const player = createTrainingPlayer(training, (callback) => waiting.push(callback));
    player.play();
    const shown = [shownPlace(training.getState())];
    while (player.getState().playing) {
      waiting.shift()?.();
      shown.push(shownPlace(training.getState()));
    }
    expect(shown).toEqual([0, 1, 2]);
    player.play();
    expect(shownPlace(training.getState())).toBe(0);
    player.pause();
    waiting.shift()?.();
    expect(shownPlace(training.getState())).toBe(0);
  });
});

describe("a training on the server", () => {
  const page = Object.assign(new EventTarget(), { hidden: false, baseURI: "http://localhost/" });
  const show = (isShown: boolean) => {
    page.hidden = !isShown;
    page.dispatchEvent(new Event("visibilitychange"));
  };
  beforeEach(() => {
    vi.stubGlobal("document", page);
    show(true);
  });

  const sent = (lines: readonly string[], from = 0) =>
    lines.map((line, n) => `id: m:${from + n}\nevent: x\ndata: ${line}\n\n`).join("");
  const answer = (body: string) =>
    new Response(body, { headers: { "Content-Type": "text/event-stream" } });

  test("shows new snapshots, follows the newest, and reconnects", async () => {
    vi.useFakeTimers();
    const lastEventIds: (string | null)[] = [];
    const abort = new AbortController();
    const half = LINES.findIndex((line, n) => n > 0 && line.includes('"step":10'));
    vi.stubGlobal("fetch", async (_: string, request: RequestInit) => {
      lastEventIds.push(new Headers(request.headers).get("Last-Event-ID"));
      if (lastEventIds.length === 1) return answer(sent(LINES.slice(0, half)));
      if (lastEventIds.length === 2) throw new TypeError("no server");
      if (lastEventIds.length === 3) return answer(sent(LINES.slice(half), half));
      abort.abort();
      return answer("");
    });
    const store = createRunStore(atOnce);
    const ended = watchLive({ store, show: () => {} }, abort.signal);
    await vi.runAllTimersAsync();
    await ended;
    vi.useRealTimers();
    expect(lastEventIds.slice(0, 3)).toEqual([null, `m:${half - 1}`, `m:${half - 1}`]);
    const state = trainingOf(store)?.getState();
    expect(state?.moments.map(({ step }) => step)).toEqual([0, 10, 50]);
    expect(state?.chosen).toBeNull();
    expect(store.getState().run.trained).toBe(50);
  });

  test("holds no connection while the page is hidden, and continues when it is shown", async () => {
    const lastEventIds: (string | null)[] = [];
    const abort = new AbortController();
    vi.stubGlobal("fetch", async (_: string, { headers, signal }: RequestInit) => {
      lastEventIds.push(new Headers(headers).get("Last-Event-ID"));
      const begun = sent(LINES.slice(0, 4));
      const body = new ReadableStream({
        start(stream) {
          stream.enqueue(new TextEncoder().encode(begun));
          signal?.addEventListener("abort", () => stream.error(signal.reason));
        },
      });
      return new Response(body);
    });
    const store = createRunStore(atOnce);
    const ended = watchLive({ store, show: () => {} }, abort.signal);
    const following = () => trainingOf(store)?.getState().following;
    await vi.waitFor(() => expect(lastEventIds).toEqual([null]));
    await vi.waitFor(() => expect(following()).toBe("waiting"));
    await new Promise((resolve) => setTimeout(resolve));
    show(false);
    await new Promise((resolve) => setTimeout(resolve));
    expect(lastEventIds).toHaveLength(1);
    expect(following()).not.toBe("lost");
    show(true);
    await vi.waitFor(() => expect(lastEventIds).toEqual([null, "m:3"]));
    abort.abort();
    await ended;
  });

  test("shows the server's message if there is no training", async () => {
    const problem = { code: "not_found", title: "Nothing is here", detail: "mav serve --watch" };
    vi.stubGlobal("fetch", async () => new Response(JSON.stringify(problem), { status: 404 }));
    const store = createRunStore(atOnce);
    await watchLive({ store, show: () => {} }, new AbortController().signal);
    expect(trainingOf(store)?.getState().failure).toMatchObject(problem);
  });

  test("ignores an incomplete snapshot in a file that is still being written", () => {
    const reader = snapshotReader("live", "live", true);
    const looks = [...LINES.slice(0, 4), ...LINES]
      .map((text, n) => reader.take({ number: n + 1, text, whole: true }))
      .filter((look) => look !== null);
    expect(looks).toHaveLength(6);
  });
});
