import { beforeEach, expect, test, vi } from "vitest";
import type { openCompare } from "@/lib/client/compare-stream";
import { Refused } from "@/lib/client/failure";
import { nameHere } from "@/lib/client/run-stream";
import {
  type CompareEvent,
  type Divergence,
  parseCompareEvent,
} from "@/lib/contract/parse-compare-event";
import { RECORDED, RECORDED_LINES } from "@/lib/contract/recordings.fixture";
import { ContractMismatch } from "@/lib/contract/validate";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { createRunStore } from "@/lib/run/run-store";
import type { SettingField } from "@/lib/settings/fields";
import { createComparison } from "./comparison";
import {
  agreementOf,
  extentOf,
  firstDifference,
  onOneScale,
  restingStep,
  tokensInTime,
} from "./pair";
import { differing, differingFromQuery, differingToQuery } from "./second-side";

/** What the page says of its site. */
const site: { model?: string } = {};

beforeEach(() => {
  delete site.model;
  vi.stubGlobal("document", { documentElement: { dataset: site } });
  return () => vi.unstubAllGlobals();
});

const WIRE = {
  type: "divergence",
  index: 3,
  same_text: true,
  kl: 0.25,
  kl_reverse: null,
  rank: 2,
  rank_reverse: 0,
  logprob: -1.5,
  same_top: false,
  resid_distance: [0, null, 0.5],
  resid_cosine: null,
};

const apart = (index: number, kl: number | null, sameText = true): Divergence => ({
  ...(parseCompareEvent(JSON.stringify(WIRE)) as { divergence: Divergence }).divergence,
  index,
  kl,
  sameText,
});

test("parses a divergence with missing values", () => {
  const event = parseCompareEvent(JSON.stringify(WIRE));
  expect(event).toMatchObject({
    type: "divergence",
    divergence: { index: 3, kl: 0.25, klReverse: null, rank: 2, sameTop: false, residCosine: null },
  });
  const { divergence } = event as { divergence: Divergence };
  expect([...(divergence.residDistance ?? [])]).toEqual([0, Number.NaN, 0.5]);
});

test("parses an event of one side like an event of a run", () => {
  const json = `{"type":"side","side":"b","event":${RECORDED_LINES[2]}}`;
  expect(parseCompareEvent(json)).toEqual({ type: "side", side: "b", event: RECORDED[2] });
});

test.each([
  '{"type":"side","side":"c","event":{}}',
  '{"type":"side","side":"a"}',
  '{"type":"strange"}',
  '{"type":"divergence"}',
])("rejects %s", (json) => {
  expect(() => parseCompareEvent(json)).toThrow(ContractMismatch);
});

function comparisonOf(events: readonly CompareEvent[], ending?: Error) {
  const open: typeof openCompare = async function* () {
    yield* events;
    if (ending) throw ending;
  };
  return comparisonWith(open);
}

const atOnce = (paint: () => void) => paint();
const comparisonWith = (open: typeof openCompare) =>
  createComparison(open, () => createRunStore(atOnce), atOnce);

const REQUEST = { a: { prompt: "x" }, b: { prompt: "y" }, mode: "own" } as const;

test("receives the events of both sides and the divergences", async () => {
  const sides = RECORDED.flatMap((event): CompareEvent[] => [
    { type: "side", side: "a", event },
    { type: "side", side: "b", event },
  ]);
  const summary = { steps: 12, meanKl: 0.1, maxKl: 0.2, sameTop: 1, partedAt: null };
  const comparison = comparisonOf([
    ...sides,
    { type: "common", common: { klAbsent: null, layersAbsent: "why" } },
    { type: "divergence", divergence: apart(0, 0.1) },
    { type: "compared", summary },
  ]);
  await comparison.run(REQUEST);
  for (const side of ["a", "b"] as const) {
    expect(comparison.sides[side].getState().run.phase).toBe("done");
  }
  expect(comparison.getState()).toMatchObject({ going: false, summary, request: REQUEST });
  expect(comparison.getState().divergences).toHaveLength(1);
  expect(comparison.getState().common?.layersAbsent).toBe("why");
});

test("a rejected request stops both runs and shows the failure", async () => {
  const failure = { code: "unknown_model", title: "No", detail: "Run b: …", field: "b.model" };
  const comparison = comparisonOf([], new Refused(failure));
  await comparison.run(REQUEST);
  expect(comparison.getState()).toMatchObject({ going: false, failure });
  expect(comparison.sides.b.getState().run.phase).toBe("stopped");
});

test("stopping keeps the tokens that were received", async () => {
  const open: typeof openCompare = async function* (_, signal) {
    for (const event of RECORDED.slice(0, 5)) yield { type: "side", side: "a", event };
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  const comparison = comparisonWith(open);
  const run = comparison.run(REQUEST);
  await vi.waitFor(() => expect(comparison.sides.a.getState().run.frames).toHaveLength(3));
  comparison.stop();
  await run;
  expect(comparison.sides.a.getState().run).toMatchObject({ phase: "stopped" });
  expect(comparison.getState().going).toBe(false);
});

test("a time limit leaves the tokens of the shorter run that it ended", () => {
  const whole = recordedRun();
  const cut = (tokens: number) => {
    const run = recordedRun(2 + tokens);
    return { ...run, done: { ...whole.done, reason: "deadline" } } as typeof whole;
  };
  expect(tokensInTime({ a: whole, b: whole })).toBeNull();
  expect(tokensInTime({ a: cut(7), b: cut(5) })).toBe(5);
  expect(tokensInTime({ a: cut(7), b: recordedRun(4) })).toBe(7);
});

test("the figures are about the tokens after the same text, and say how many", () => {
  const list = [apart(0, 0.1), apart(1, 0.3), apart(2, 9, false), apart(3, null)];
  expect(agreementOf(list)).toEqual({
    both: 4,
    compared: 3,
    meanKl: expect.closeTo(0.2),
    klTokens: 2,
    sameTop: 0,
  });
  expect(agreementOf([])).toMatchObject({ both: 0, compared: 0, meanKl: null, sameTop: null });
  expect([...(extentOf(list)?.high ?? [])]).toEqual([0, Number.NaN, 0.5]);
});

test("finds the first different token of two records and puts both on the same scales", () => {
  const a = recordedRun();
  const frames = a.frames.map((frame, i) => (i === 7 ? { ...frame, id: -1 } : frame));
  expect(firstDifference({ a, b: { ...a, frames } })).toBe(7);
  expect(firstDifference({ a, b: { ...a, frames: a.frames.slice(0, 5) } })).toBeNull();
  const wide = { ...a, domains: { mlpNorm: { max: 1e6, since: 0 } } };
  const scaled = onOneScale({ a, b: wide });
  expect(scaled.a.domains).toEqual(scaled.b.domains);
  expect(scaled.a.domains.mlpNorm?.max).toBe(1e6);
  expect(scaled.a.domains.residNorm).toEqual(a.domains.residNorm);
});

test("ended runs show the first different token, or else the largest difference", () => {
  const a = recordedRun();
  const frames = a.frames.map((frame, i) => (i >= 2 ? { ...frame, id: -1 } : frame));
  const kls = [0.1, null, 0.4, 0.4, 0.2].map((kl, index) => apart(index, kl));
  expect(restingStep({ a, b: { ...a, frames } }, kls)).toBe(2);
  expect(restingStep({ a, b: a }, kls)).toBe(2);
  expect(restingStep({ a, b: a }, [apart(0, 0), apart(1, null)])).toBeNull();
  expect(restingStep({ a, b: a }, [])).toBeNull();
});

test("writes the second run's settings into the address and reads them back", () => {
  const field = (name: string): SettingField => ({
    name,
    kind: "text",
    description: "",
    initial: "",
    optional: false,
  });
  const fields = ["model", "prompt", "seed"].map(field);
  const own = differing(fields, { model: "m", prompt: "x" }, { model: "m", prompt: "y & z" });
  expect(own).toEqual({ prompt: "y & z" });
  const query = new URLSearchParams(differingToQuery(fields, own));
  expect(query.toString()).toBe("b.prompt=y+%26+z");
  expect(differingFromQuery(fields, query)).toEqual(own);
});

test.each([
  ["browser:mav-tiny", "mav-tiny"],
  [undefined, "browser:mav-tiny"],
])("a comparison of %s and %s, which run at two places, is not sent", async (one, other) => {
  const opened = vi.fn();
  const comparison = createComparison(opened, undefined, (show) => show());
  const settings = (model: string | undefined) => ({ prompt: "a", ...(model && { model }) });
  await comparison.run({ a: settings(one), b: settings(other), mode: "own" });
  const { failure, going } = comparison.getState();
  expect(failure).toMatchObject({ code: "invalid_settings", field: "b.model" });
  expect(failure?.detail).toContain("two models that run at the same place");
  expect(going).toBe(false);
  expect(opened).not.toHaveBeenCalled();
});

test("without a server, runs that name no model or one of a server run in the browser", async () => {
  site.model = "browser:mav-tiny";
  expect(nameHere("")).toBe("browser:mav-tiny");
  expect(nameHere("gpt2")).toBe("browser:gpt2");
  const opened = vi.fn<typeof openCompare>(async function* () {});
  const comparison = createComparison(opened, undefined, (show) => show());
  await comparison.run({ a: { model: "" }, b: { model: "browser:mav-tiny" }, mode: "own" });
  delete site.model;
  expect(opened).toHaveBeenCalledOnce();
  expect(nameHere("gpt2")).toBe("gpt2");
});
