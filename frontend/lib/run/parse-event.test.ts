import { expect, test } from "vitest";
import { RECORDED, RECORDED_LINES } from "./fixtures/recording";
import { parseEvent } from "./parse-event";

const line = (type: string) =>
  RECORDED_LINES.find((text) => text.startsWith(`{"type":"${type}"`)) ?? "";
const changed = (type: string, change: object) =>
  JSON.stringify({ ...JSON.parse(line(type)), ...change });

test("a recorded run is start, prompt, tokens in order, done", () => {
  const tokens = RECORDED.filter((event) => event.type === "token");
  expect(RECORDED.map(({ type }) => type)).toEqual([
    "start",
    "prompt",
    ...tokens.map(() => "token"),
    "done",
  ]);
  expect(tokens.map(({ frame }) => frame.index)).toEqual(tokens.map((_, i) => i));
});

test("a token's measurements become typed arrays of the model's shape", () => {
  const event = parseEvent(line("token"));
  if (event.type !== "token") throw new Error("no token");
  const { frame } = event;
  expect(frame.prob).toBeCloseTo(Math.exp(frame.logprob));
  expect(frame.layers.mlpNorm).toHaveLength(6);
  expect(frame.layers.residNorm).toHaveLength(7);
  expect(frame.layers.attnEntropy).toMatchObject({ rows: 6, columns: 4 });
  expect(frame.distribution.rankBins).toHaveLength(20);
  const mass = frame.distribution.rankBins.reduce((sum, share) => sum + share, 0);
  expect(mass).toBeCloseTo(1, 3);
});

test("measurements that nobody asked for are absent", () => {
  const event = parseEvent(changed("token", { layers: {} }));
  expect(event).toMatchObject({ frame: { layers: {} } });
});

test.each([
  ["not JSON", "{", "event: is no JSON"],
  ["another kind of event", '{"type":"later"}', 'type: is "later"'],
  ["a missing part", '{"type":"prompt","tokens":[]}', "prompt.prefill_ms: is missing"],
  ["a later contract", changed("start", { v: 2 }), "start.v: is 2, this site reads 1"],
  ["no number", changed("token", { layers: { mlp_norm: ["x"] } }), "layers.mlp_norm[0]"],
])("%s is refused with its place", (_, text, problem) => {
  expect(() => parseEvent(text)).toThrow(problem);
});
