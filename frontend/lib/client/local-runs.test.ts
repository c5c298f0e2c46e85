// @vitest-environment jsdom
import { expect, test } from "vitest";
import type { RunEvent } from "@/lib/contract/frames";
import type { FromWorker, ToWorker } from "@/lib/contract/worker-messages";
import type { Refused } from "./failure";
import { LocalRuns } from "./local-runs";

/** A worker that does what a test tells it. */
class FakeWorker {
  readonly received: ToWorker[] = [];
  isTerminated = false;
  onmessage: (event: { data: FromWorker }) => void = () => {};
  onerror: (event: { message?: string }) => void = () => {};

  postMessage(message: ToWorker): void {
    this.received.push(message);
  }

  terminate(): void {
    this.isTerminated = true;
  }
}

function runsWithFakes() {
  const workers: FakeWorker[] = [];
  const runs = new LocalRuns(() => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker as unknown as Worker;
  });
  return { runs, workers };
}

const ERROR = { type: "error", code: "run_failed", title: "t", detail: "d", field: null };

test.each([
  ["out of memory", /reported: out of memory.*close other tabs/],
  [undefined, /could not be loaded. Check that you are online/],
])(
  "a worker that fails with %s ends its run, and the next run starts another",
  async (message, detail) => {
    const { runs, workers } = runsWithFakes();
    const first = runs.open({ prompt: "a" }, new AbortController().signal).next();
    workers[0]?.onerror(message === undefined ? {} : { message });
    const error = await first.catch((reason: unknown) => reason);
    expect((error as Refused).failure.detail).toMatch(detail);
    expect(workers[0]?.isTerminated).toBe(true);
    const second = runs.open({ prompt: "b" }, new AbortController().signal).next();
    const line = JSON.stringify({ ...ERROR, retry_after_s: null });
    workers[1]?.onmessage({ data: { type: "event", run: 2, line } });
    expect(((await second).value as RunEvent).type).toBe("error");
  },
);

test("a run that is left is stopped in the worker, and its events are ignored", async () => {
  const { runs, workers } = runsWithFakes();
  const abort = new AbortController();
  const next = runs.open({ prompt: "a" }, abort.signal).next();
  abort.abort();
  await expect(next).rejects.toThrow("stopped");
  expect(workers[0]?.received.map(({ type }) => type)).toEqual(["run", "stop"]);
});
