// @vitest-environment node
// jsdom does not implement Blob.stream().
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { failureOf } from "@/lib/client/failure";
import type { RunEvent } from "@/lib/contract/frames";
import { createRunController } from "@/lib/run/run-controller";
import { createRunStore } from "@/lib/run/run-store";
import { RecordingProblem, readRecording } from "./read-recording";

const FOLDER = "../tests/recordings";
const file = (bytes: string | Uint8Array) => new Blob([bytes as BlobPart]);
const bytesOf = (name: string) => readFileSync(`${FOLDER}/${name}`);

/** The results that the Python tests expect for the same files. */
interface Broken {
  readonly file: string;
  readonly code: string;
  readonly line: number | null;
  readonly field: string | null;
  readonly events: number;
}
const BROKEN: readonly Broken[] = JSON.parse(bytesOf("broken/expected.json").toString());
const WHOLE = readdirSync(FOLDER).filter((name) => name.endsWith(".jsonl"));

async function read(blob: Blob, name = "run.jsonl") {
  const events: RunEvent[] = [];
  try {
    for await (const event of readRecording(blob, name)) events.push(event);
  } catch (error) {
    return { events, problem: error };
  }
  return { events, problem: null };
}

describe("reading", () => {
  test.each(WHOLE)("%s yields every event, plain and gzipped", async (name) => {
    const lines = bytesOf(name).toString().trim().split("\n");
    for (const bytes of [bytesOf(name), gzipSync(bytesOf(name))]) {
      const { events, problem } = await read(file(bytes));
      expect(problem).toBeNull();
      expect(events.map(({ line }) => line)).toEqual(lines);
    }
  });

  const utf16 = (text: string, bigEndian = false) => {
    const bytes = Buffer.from(text, "utf16le");
    return bigEndian ? bytes.swap16() : bytes;
  };
  test.each([
    ["UTF-8 with a byte-order mark", (text: string) => Buffer.from(`\ufeff${text}`)],
    ["UTF-16 with a byte-order mark", (text: string) => utf16(`\ufeff${text}`)],
    ["big-endian UTF-16 with a mark", (text: string) => utf16(`\ufeff${text}`, true)],
    ["UTF-16 without a mark", (text: string) => utf16(text)],
    ["big-endian UTF-16 without a mark", (text: string) => utf16(text, true)],
  ])("%s gives the same events, plain and gzipped", async (_, encode) => {
    const name = "mav-tiny-unicode.jsonl";
    const text = bytesOf(name).toString();
    const lines = text.trim().split("\n");
    for (const saved of [encode(text), encode(text.replaceAll("\n", "\r\n"))]) {
      for (const bytes of [saved, gzipSync(saved)]) {
        const { events, problem } = await read(file(bytes));
        expect(problem).toBeNull();
        expect(events.map(({ line }) => line?.trim())).toEqual(lines);
      }
    }
  });

  test.each(BROKEN)("$file: the error is reported, complete events are read", async (broken) => {
    const { events, problem } = await read(file(bytesOf(`broken/${broken.file}`)), broken.file);
    expect(problem).toBeInstanceOf(RecordingProblem);
    const { line, where } = problem as RecordingProblem;
    const { code, detail, title } = failureOf(problem);
    expect({ code, line, field: where, events: events.length }).toEqual({
      code: broken.code,
      line: broken.line,
      field: broken.field,
      events: broken.events,
    });
    expect(title).not.toBe("");
    if (line && line > 1) expect(detail).toMatch(new RegExp(`ine ${line}\\b`));
    if (broken.field && broken.field !== "type")
      expect(detail).toContain(broken.field.split(".").at(-1) === "index" ? "token" : broken.field);
  });

  test("a truncated gzip yields its beginning", async () => {
    const packed = gzipSync(bytesOf("mav-tiny-attention.jsonl"));
    const { events, problem } = await read(file(packed.subarray(0, packed.length / 2)));
    expect(events.length).toBeGreaterThan(0);
    expect(failureOf(problem).code).toBe("recording_torn");
  });
});

describe("replaying", () => {
  const atOnce = (callback: () => void) => callback();
  const replayed = async (name: string) => {
    const store = createRunStore(atOnce);
    const requests: unknown[] = [];
    const controller = createRunController(store, async function* (request) {
      requests.push(request);
      yield* [];
    });
    await controller.replay(readRecording(file(bytesOf(name)), name), name);
    return { store, controller, requests };
  };

  test("shows the recorded run as if it were received", async () => {
    const { store } = await replayed("mav-tiny.jsonl");
    const { run } = store.getState();
    expect(run).toMatchObject({ phase: "done", source: "mav-tiny.jsonl" });
    expect(run.frames).toHaveLength(12);
  });

  test("a truncated one keeps its tokens and can be continued", async () => {
    const { store, controller, requests } = await replayed("broken/stops-halfway.jsonl");
    const { run } = store.getState();
    expect(run).toMatchObject({ phase: "failed", failure: { code: "recording_torn" } });
    expect(run.frames).toHaveLength(5);
    await controller.resume();
    expect(requests).toEqual([
      expect.objectContaining({ forced_ids: run.frames.map(({ id }) => id) }),
    ]);
  });

  test("retry requests the recorded settings from the server", async () => {
    const { controller, requests } = await replayed("mav-tiny.jsonl");
    await controller.retry();
    expect(requests).toEqual([
      expect.objectContaining({ seed: 7, temperature: 0.8, forced_ids: [] }),
    ]);
  });
});
