// @vitest-environment node
// jsdom does not implement Blob.text().
import { expect, test } from "vitest";
import type { RunEvent } from "@/lib/contract/frames";
import { parseEvent } from "@/lib/contract/parse-event";
import { RECORDED, RECORDED_LINES } from "@/lib/contract/recordings.fixture";
import { type EventLog, isFull, logBlob, logEvent, loggedTokens, logSize } from "./event-log";
import { recordedRun } from "./recorded-run.fixture";
import { applyEvent, EMPTY_RUN, type RunRecord } from "./run-record";

const whole = `${RECORDED_LINES.join("\n")}\n`;
const saved = (log: EventLog | null) => (log ? logBlob(log).text() : Promise.resolve(null));
const after = (run: RunRecord, events: readonly RunEvent[]) => events.reduce(applyEvent, run);

test("the saved bytes are the received bytes", async () => {
  const { log } = recordedRun();
  expect(await saved(log)).toBe(whole);
  expect(logSize(log as EventLog)).toBe(new TextEncoder().encode(whole).length);
});

test("many parts are one file", async () => {
  const [start, prompt] = RECORDED as [RunEvent, RunEvent];
  let log = logEvent(logEvent(null, start, 0), prompt, 0);
  let expected = `${start.line}\n${prompt.line}\n`;
  for (let index = 0; index < 600; index++) {
    const line = JSON.stringify({ ...JSON.parse(RECORDED_LINES[2] ?? ""), index });
    log = logEvent(log, parseEvent(line), index);
    expected += `${line}\n`;
  }
  expect(log?.shared.sealed.length).toBeGreaterThan(2);
  expect(await saved(log)).toBe(expected);
});

test("a repeated run is recorded once; until the repetition is longer, the earlier part is saved", async () => {
  const broken = recordedRun(8);
  const again = after(broken, RECORDED.slice(0, 5));
  expect(loggedTokens(again.log as EventLog)).toBe(6);
  expect(await saved(again.log)).toBe(`${RECORDED_LINES.slice(0, 8).join("\n")}\n`);
  expect(await saved(after(again, RECORDED.slice(5)).log)).toBe(whole);
});

test("a continued run is one recording, without the end event in between", async () => {
  const end = RECORDED.at(-1) as RunEvent;
  const stopped = after(recordedRun(6), [end]);
  const goingOn = after(stopped, [...RECORDED.slice(0, 2), ...RECORDED.slice(6)]);
  expect(await saved(goingOn.log)).toBe(whole);
  expect(await saved(stopped.log)).toBe(
    `${[...RECORDED_LINES.slice(0, 6), RECORDED_LINES.at(-1)].join("\n")}\n`,
  );
});

test("a branch with a shared prefix does not change the recording of the other", async () => {
  const common = recordedRun(6);
  const one = after({ ...common, frames: [...common.frames] }, RECORDED.slice(6));
  const other = after({ ...common, frames: [...common.frames] }, RECORDED.slice(6, 8));
  expect(await saved(one.log)).toBe(whole);
  expect(await saved(other.log)).toBe(`${RECORDED_LINES.slice(0, 8).join("\n")}\n`);
});

test("a run that exceeds the limit is recorded up to it", async () => {
  const limit = new TextEncoder().encode(RECORDED_LINES.slice(0, 7).join("\n")).length + 10;
  let log: EventLog | null = null;
  RECORDED.forEach((event, n) => {
    log = logEvent(log, event, Math.max(0, n - 2), limit);
  });
  expect(await saved(log)).toBe(`${RECORDED_LINES.slice(0, 7).join("\n")}\n`);
  expect(isFull(log as unknown as EventLog)).toBe(true);
  expect(loggedTokens(log as unknown as EventLog)).toBe(5);
  expect(logSize(log as unknown as EventLog)).toBeLessThanOrEqual(limit);
});

test("events without their JSON line are not recorded", () => {
  expect(applyEvent(EMPTY_RUN, { type: "queued", position: 1 }).log).toBeNull();
});

test("a run continued beyond its limit has the new limit in its start event", async () => {
  const more = JSON.parse(RECORDED_LINES[0] ?? "");
  more.settings.max_new_tokens *= 2;
  const start = parseEvent(JSON.stringify(more));
  const ended = after(recordedRun(6), [RECORDED.at(-1) as RunEvent]);
  const goneOn = after(ended, [start, RECORDED[1] as RunEvent, ...RECORDED.slice(6)]);
  expect(await saved(goneOn.log)).toBe(`${[start.line, ...RECORDED_LINES.slice(1)].join("\n")}\n`);
  expect(goneOn.start?.settings.max_new_tokens).toBe(more.settings.max_new_tokens);
});
