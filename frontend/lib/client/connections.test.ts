// @vitest-environment jsdom
import { afterEach, describe, expect, test, vi } from "vitest";
import { MAX_RUNS, runPlace, watchTurn } from "./connections";

const never = () => new AbortController().signal;
const passed = () => new Promise((resolve) => setTimeout(resolve));

function show(isShown: boolean): void {
  vi.spyOn(document, "hidden", "get").mockReturnValue(!isShown);
  document.dispatchEvent(new Event("visibilitychange"));
}

describe("run connections", () => {
  test("are limited; the next run waits until one is released", async () => {
    const leave = await Promise.all(Array.from({ length: MAX_RUNS }, () => runPlace(never())));
    const got = vi.fn();
    const waiting = runPlace(never()).then((left) => {
      got();
      return left;
    });
    await passed();
    expect(got).not.toHaveBeenCalled();
    leave[1]?.();
    (await waiting)();
    leave[0]?.();
    leave[2]?.();
    for (const left of await Promise.all(leave.map(() => runPlace(never())))) left();
  });

  test("an aborted wait takes no connection", async () => {
    const leave = await Promise.all(Array.from({ length: MAX_RUNS }, () => runPlace(never())));
    const abort = new AbortController();
    const waiting = runPlace(abort.signal);
    abort.abort();
    await expect(waiting).rejects.toThrow("abort");
    await expect(runPlace(abort.signal)).rejects.toThrow("abort");
    for (const left of leave) left();
    for (const left of await Promise.all(leave.map(() => runPlace(never())))) left();
  });
});

describe("training connections", () => {
  afterEach(() => vi.restoreAllMocks());

  test("open when the page is shown and close when it is hidden", async () => {
    show(false);
    const got = vi.fn();
    const waiting = watchTurn(never()).then((turn) => {
      got();
      return turn;
    });
    await passed();
    expect(got).not.toHaveBeenCalled();
    show(true);
    const turn = await waiting;
    expect(turn.signal.aborted).toBe(false);
    show(false);
    expect(turn.signal.aborted).toBe(true);
    turn.end();
  });

  test("are limited to two", async () => {
    const [first, another] = await Promise.all([watchTurn(never()), watchTurn(never())]);
    const got = vi.fn();
    const third = watchTurn(never()).then((turn) => {
      got();
      return turn;
    });
    await passed();
    expect(got).not.toHaveBeenCalled();
    first.end();
    (await third).end();
    another.end();
  });

  test("close when their signal is aborted", async () => {
    const abort = new AbortController();
    const turn = await watchTurn(abort.signal);
    abort.abort();
    expect(turn.signal.aborted).toBe(true);
    turn.end();
    await expect(watchTurn(abort.signal)).rejects.toThrow("abort");
  });
});
