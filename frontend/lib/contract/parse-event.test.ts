import { expect, test } from "vitest";
import { parseEvent } from "./parse-event";
import { RECORDED, RECORDED_LINES } from "./recordings.fixture";

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

test("captured attention and tiles become tensors", () => {
  const attention_map = {
    shape: [1, 1, 1, 2],
    dtype: "u8",
    scale: 0.5,
    data: btoa("\u0002\u0001"),
  };
  const change = { attention_map, attention_rows: [[[0.25, 0.75]]], tiles: [null, [[1], [-1]]] };
  expect(parseEvent(changed("token", change))).toMatchObject({
    frame: {
      attentionMap: { shape: [1, 1, 1, 2], values: Uint8Array.of(2, 1), scale: 0.5 },
      attentionRows: { shape: [1, 1, 2], values: Float32Array.of(0.25, 0.75), scale: 1 },
      tiles: { shape: [2, 2, 1], values: Float32Array.of(Number.NaN, Number.NaN, 1, -1) },
    },
  });
  expect(parseEvent(changed("prompt", { attention_map }))).toMatchObject({
    prompt: { attentionMap: { shape: [1, 1, 1, 2] } },
  });
});

test("sources of attention become positions and their weights", () => {
  const attention_sources = {
    positions: [[7, 2], null, [2, 7]],
    weights: [[0.1, 0.5, 0.25], null, [0.3, 0.4, 0.2]],
    head_positions: [[7, null], null],
    head_weights: {
      shape: [2, 2, 2],
      dtype: "u8",
      scale: 0.5,
      data: btoa("\u0001\u0002".repeat(4)),
    },
  };
  const columns = [
    {
      position: 3,
      layers: { resid_norm: [1, 2] },
      attention_sources: { positions: [[1]], weights: [[0.75, 0.25]] },
    },
  ];
  const weights = [0.1, 0.5, 0.25, Number.NaN, Number.NaN, Number.NaN, 0.3, 0.4, 0.2];
  expect(parseEvent(changed("token", { attention_sources }))).toMatchObject({
    frame: {
      attentionSources: {
        positions: [[7, 2], null, [2, 7]],
        weights: { rows: 3, columns: 3, values: Float32Array.from(weights) },
        heads: {
          positions: [[7, null], null],
          weights: { shape: [2, 2, 2], values: Float32Array.of(0.5, 1, 0.5, 1, 0.5, 1, 0.5, 1) },
        },
      },
    },
  });
  const event = parseEvent(changed("prompt", { columns }));
  expect(event).toMatchObject({
    prompt: {
      columns: [
        {
          position: 3,
          layers: { residNorm: Float32Array.of(1, 2) },
          attentionSources: { positions: [[1]], weights: { rows: 1, columns: 2 } },
        },
      ],
    },
  });
  const broken = [{ ...columns[0], attention_sources: { positions: [[1]], weights: [0.75] } }];
  expect(() => parseEvent(changed("prompt", { columns: broken }))).toThrow(
    "prompt.columns[0].attention_sources.weights[0]",
  );
});

test("the logit lens becomes one row per layer, null for a layer without numbers", () => {
  const said = { id: 5, text: " cat", prob: 0.5, rank: 2 };
  const logit_lens = [said, { ...said, prob: null }];
  expect(parseEvent(changed("token", { logit_lens }))).toMatchObject({
    frame: { logitLens: [{ id: 5, label: " cat", prob: 0.5, rank: 2 }, null] },
  });
  expect(() => parseEvent(changed("token", { logit_lens: [{ id: 5 }] }))).toThrow("logit_lens[0]");
});

test("measurements that were not captured are absent", () => {
  const event = parseEvent(changed("token", { layers: {} }));
  expect(event).toMatchObject({ frame: { layers: {} } });
});

test.each([
  ["not JSON", "{", "event: is not valid JSON"],
  [
    "another kind of event",
    '{"type":"later"}',
    'type: expected "done" or "error" or "prompt" or "queued" or "start" or "token", got "later"',
  ],
  ["a missing part", '{"type":"prompt","tokens":[]}', "prompt.prefill_ms: is missing"],
  ["a later contract", changed("start", { v: 2 }), "start.v: is 2, this site reads 1"],
  [
    "no number",
    changed("token", { layers: { mlp_norm: ["x"] } }),
    'token.layers.mlp_norm[0]: expected a number or an array or an object, got "x"',
  ],
  [
    "no array",
    changed("token", { layers: { mlp_norm: "x" } }),
    'token.layers.mlp_norm: expected an array or an object, got "x"',
  ],
  [
    "another axis",
    changed("token", { layers: { mlp_norm: [[1]] } }),
    "token.layers.mlp_norm[0]: expected a number, got [1]",
  ],
  ["a list", changed("token", { layers: [] }), "token.layers: expected an object, got []"],
  ["half a token", changed("token", { rank: 0.5 }), "token.rank: expected an integer, got 0.5"],
])("%s is rejected, naming the field", (_, text, problem) => {
  expect(() => parseEvent(text)).toThrow(problem);
});

test("what a chat server does not send is unknown, and not 0", () => {
  const row = { id: null, text: " a", logit: null, prob: 0.5, sampled_prob: null, cut_by: null };
  const change = {
    token: { id: null, text: " a" },
    logprob: null,
    rank: null,
    entropy: null,
    entropy_bound: 0.7,
    top: [row, { ...row, text: " the" }],
    distribution: null,
  };
  const event = parseEvent(changed("token", change));
  if (event.type !== "token") throw new Error("no token");
  const { frame } = event;
  expect([frame.prob, frame.logprob, frame.rank, frame.entropy]).toEqual(Array(4).fill(Number.NaN));
  expect(frame.entropyBound).toBe(0.7);
  expect(frame.distribution.rankBins).toHaveLength(0);
  // The chosen token is found by an id that is made of its text.
  expect(frame.top.map(({ id }) => id === frame.id)).toEqual([true, false]);
  expect(frame.id).toBeLessThan(0);
});

test("a token that the model rules out has a rank", () => {
  const event = parseEvent(changed("token", { logprob: null, rank: 9 }));
  expect(event).toMatchObject({ frame: { prob: 0, rank: 9 } });
});
