import { beforeAll, describe, expect, test } from "vitest";
import type { CompareRequest } from "@/lib/contract";
import { parseCompareEvent } from "@/lib/contract/parse-compare-event";
import { type Fields, idsOf } from "../golden-runs.fixture";
import { golden } from "../goldens.fixture";
import type { LocalEngine } from "../run";
import { expectSame, newEngine, sent } from "../run.fixture";
import { texts } from "../words.en";
import { compare } from "./compare";

const SIDES = ["a", "b"] as const;

interface GoldenRun {
  readonly types: readonly string[];
  readonly ids: readonly number[];
  readonly forced: readonly boolean[];
  readonly tiles: readonly unknown[];
  readonly reason: string;
  readonly text: string;
}

interface GoldenComparison {
  readonly settings: CompareRequest;
  readonly runs: Readonly<Record<"a" | "b", GoldenRun>>;
  readonly events: readonly Fields[];
}

const { comparisons } = golden<{ comparisons: readonly GoldenComparison[] }>("comparisons");

let engine: LocalEngine;

beforeAll(async () => {
  engine = await newEngine();
});

const eventsOf = (request: CompareRequest, a = engine, b = a.second): Fields[] =>
  sent(compare(request, a, b, texts));

const ofSide = (events: readonly Fields[], side: "a" | "b"): Fields[] =>
  events.filter((each) => each.side === side).map(({ event }) => event as Fields);

describe("golden comparisons", () => {
  test.each(comparisons.map((each, number) => [number, each] as const))(
    "%i: both runs and all figures are those of the server",
    (_, { settings, runs, events }) => {
      const own = eventsOf(settings);
      for (const side of SIDES) {
        const { types, ids, forced, tiles, reason, text } = runs[side];
        const sent = ofSide(own, side);
        expect(sent.map(({ type }) => type)).toEqual(types);
        expect(idsOf(sent)).toEqual(ids);
        const tokens = sent.filter(({ type }) => type === "token");
        expect(tokens.map((token) => token.forced)).toEqual(forced);
        const measured = tokens.flatMap((token) => token.tiles ?? []);
        expectSame([{ type: "tiles", measured }], [{ type: "tiles", measured: tiles.flat() }]);
        expect(sent.at(-1)).toMatchObject({ reason, text });
      }
      expectSame(
        own.filter(({ type }) => type !== "side"),
        events,
      );
    },
  );
});

test("each divergence follows the tokens of both runs; common comes once, before them", () => {
  for (const { settings } of comparisons) {
    const tokens = { a: 0, b: 0 };
    let [divergences, commons] = [0, 0];
    for (const event of eventsOf(settings)) {
      if (event.type === "side" && (event.event as Fields).type === "token") {
        tokens[event.side as "a" | "b"]++;
      }
      if (event.type === "common") commons++;
      if (event.type !== "divergence") continue;
      expect(event.index).toBe(divergences++);
      expect(Math.min(tokens.a, tokens.b)).toBe(divergences);
      // Few predictions are held.
      expect(Math.max(tokens.a, tokens.b)).toBeLessThanOrEqual(divergences + 1);
    }
    expect(commons).toBe(1);
  }
});

const SHORT = { prompt: "The sun", max_new_tokens: 20, seed: 4, temperature: 0.9 };

test("two runs of one model do not change each other", async () => {
  const other = { ...SHORT, prompt: "A cat", capture: ["tiles", "attention_rows", "logit_lens"] };
  const tile = { height: 8, width: 8, projection: "random", signal: "attn" } as const;
  const request: CompareRequest = {
    a: { ...SHORT, capture: ["tiles"] },
    b: { ...other, tile },
    mode: "own",
  };
  const events = eventsOf(request);
  for (const side of SIDES) {
    const alone = sent((await newEngine()).run(request[side]));
    expectSame(ofSide(events, side), alone);
  }
  // A run alone goes on with the text of run a, in the same cache.
  const after = eventsOf({ ...request, a: other, b: SHORT, mode: "own" }).length;
  expect(after).toBeGreaterThan(events.length / 2);
  const again = sent(engine.run(request.a));
  expectSame(again, ofSide(events, "a"));
});

test("two models with a text each", async () => {
  const b = await newEngine();
  const request = { a: SHORT, b: { ...SHORT, temperature: 1.4 }, mode: "own" } as const;
  expectSame(eventsOf(request, engine, b), eventsOf(request));
});

test("without seeds both runs draw the same", () => {
  const { seed, ...free } = SHORT;
  const events = eventsOf({ a: free, b: free, mode: "own" });
  expect(idsOf(ofSide(events, "a"))).toEqual(idsOf(ofSide(events, "b")));
  expect(seed).toBeDefined();
});

test("events pass the parser of the site", () => {
  const request = { a: SHORT, b: SHORT, mode: "own" } as const;
  for (const event of compare(request, engine, engine.second, texts)) {
    const parsed = parseCompareEvent(JSON.stringify(event));
    if (parsed.type === "side")
      expect(parsed.event.line).toBe(JSON.stringify((event as never as Fields).event));
  }
});

test("an error names its side and is the only event", () => {
  const failures: readonly (readonly [object, string, RegExp])[] = [
    [{ b: { ...SHORT, top_p: 2 } }, "b.top_p", /^Run b: top_p/],
    [{ a: { ...SHORT, resume: "x" } }, "a.resume", /^Run a: resume/],
    [{ a: { max_new_tokens: 2 } }, "a.prompt", /^Run a: There is nothing/],
    [{ b: { ...SHORT, forced_ids: [3] }, mode: "forced" }, "b.forced_ids", /mode forced/],
  ];
  for (const [changed, field, detail] of failures) {
    const events = eventsOf({ a: SHORT, b: SHORT, mode: "own", ...changed });
    expect(events).toEqual([expect.objectContaining({ type: "error", field })]);
    expect(events[0]?.detail).toMatch(detail);
  }
});

test("models with other tokens: only the texts are compared, and none is forced", async () => {
  const b = await newEngine();
  b.vocabulary.equals = () => false;
  engine.vocabulary.equals = () => false;
  try {
    const events = eventsOf({ a: SHORT, b: SHORT, mode: "own" }, engine, b);
    const common = events.find(({ type }) => type === "common");
    expect(common?.kl_absent).toMatch(/have different tokens/);
    const [first] = events.filter(({ type }) => type === "divergence");
    expect(first).toMatchObject({ kl: null, rank: null, logprob: null, same_top: null });
    expect(first?.resid_distance).not.toBeNull();
    expect(events.at(-1)).toMatchObject({ type: "compared", mean_kl: null, same_top: null });
    const forced = eventsOf({ a: SHORT, b: SHORT, mode: "forced" }, engine, b);
    expect(forced).toEqual([expect.objectContaining({ type: "error", field: "mode" })]);
  } finally {
    delete (engine.vocabulary as { equals?: unknown }).equals;
  }
});
