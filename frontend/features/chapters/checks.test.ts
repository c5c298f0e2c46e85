import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { leastCertain } from "@/lib/run/least-certain";
import { attentionRun, deepRun, recordedRun, stackRun } from "@/lib/run/recorded-run.fixture";
import { LEAST_MEAN } from "@/panels/head-atlas/badges";
import { predictionOf } from "@/panels/what-if/prediction";
import { sampledWith } from "@/panels/what-if/sampler";
import {
  askedCandidate,
  comparedTopP,
  firstBelow,
  GOOD_GUESS,
  guessed,
  impossibleUpTo,
  lessCertain,
  looksBack,
  lossLimit,
  offeredGuesses,
  previousWeights,
} from "./checks";

const frameOf = (run: ReturnType<typeof recordedRun>, step = 0) => {
  const frame = run.frames[step];
  if (!frame) throw new Error(`no token ${step}`);
  return frame;
};

describe("guess", () => {
  const frame = frameOf(recordedRun());

  test("is compared with the measured candidates, regardless of case and spaces", () => {
    const likeliest = frame.top[0];
    expect(guessed(frame, ` ${likeliest?.text.trim().toUpperCase()}`)).toMatchObject({
      rank: 0,
      candidate: likeliest,
      solved: true,
    });
    expect(guessed(frame, frame.top[GOOD_GUESS]?.text ?? "").solved).toBe(false);
  });

  test("of a word that was not measured has no rank", () => {
    expect(guessed(frame, "helicopter")).toMatchObject({ rank: null, solved: false });
  });

  test("offers words of the prediction, the likeliest among them", () => {
    const offered = offeredGuesses(frame);
    expect(offered.length).toBeGreaterThan(2);
    expect(offered).toContain(frame.top[0]?.text.trim());
    for (const word of offered) expect(guessed(frame, word).candidate).not.toBeNull();
  });
});

describe("look back", () => {
  test("weights are the means of the measured rows", () => {
    const { prompt, ...rest } = attentionRun();
    if (!prompt) throw new Error("no prompt");
    // Without the prompt's own queries, which this run measured too.
    const { attentionMap: _, ...bare } = prompt;
    const run = { ...rest, prompt: bare };
    const { heads, exact } = previousWeights(run);
    expect(exact).toBe(true);
    expect(heads).toHaveLength(24);
    const { layer, head, weight } = heads[0] ?? { layer: 0, head: 0, weight: 0 };
    const measured = run.frames.map(({ attentionRows, position }) => {
      const [, count = 0, keys = 0] = attentionRows?.shape ?? [];
      const at = (layer * count + head) * keys + position - 2;
      return (attentionRows?.values[at] ?? 0) * (attentionRows?.scale ?? 0);
    });
    const mean = measured.reduce((sum, each) => sum + each, 0) / measured.length;
    expect(weight).toBeCloseTo(mean, 9);
    expect(weight).toBeGreaterThan(LEAST_MEAN);
  });

  test("with only the strongest sources the weights are lower bounds", () => {
    const { heads, exact } = previousWeights(stackRun());
    expect(exact).toBe(false);
    expect(heads[0]).toMatchObject({ layer: 2, head: 3 });
    expect(heads[0]?.weight).toBeCloseTo(0.667, 2);
  });

  test("a head passes with the badge of the atlas, or as the best of a model that has none", () => {
    const weights = previousWeights(attentionRun());
    const passing = weights.heads.filter((head) => looksBack(weights, head));
    expect(passing.length).toBeGreaterThan(0);
    expect(passing.every(({ weight }) => weight >= LEAST_MEAN)).toBe(true);
    const weak = [0.3, 0.2].map((weight, head) => ({ layer: 0, head, weight }));
    expect(weak.map((head) => looksBack({ heads: weak, exact: true }, head))).toEqual([
      true,
      false,
    ]);
  });

  test("a run without attention has no heads", () => {
    expect(previousWeights(recordedRun()).heads).toEqual([]);
  });
});

test("decide: no token is less certain than the least certain one", () => {
  const run = deepRun();
  expect(lessCertain(run, leastCertain(run) ?? -1)).toBe(0);
  expect(lessCertain(run, 0)).toBe(
    run.frames.filter(({ entropy }) => entropy > frameOf(run).entropy).length,
  );
});

describe("draw", () => {
  const run = recordedRun();

  test.each(run.frames.map(({ index }) => index))(
    "the limit is the sampler's, token %i",
    (step) => {
      const { top } = frameOf(run, step);
      const place = askedCandidate(top);
      const limit = impossibleUpTo(top, place);
      const prediction = predictionOf(run, step);
      if (!prediction) throw new Error("no prediction");
      const cutBy = (top_p: number) =>
        sampledWith(
          { ...prediction, penalty: 1, banned: false },
          { temperature: 1, top_k: 0, top_p, min_p: 0 },
        ).rows[place]?.cutBy;
      expect(cutBy(limit - 0.001)).toBe("top_p");
      if (limit + 0.001 < 1) expect(cutBy(limit + 0.001)).toBeNull();
    },
  );

  test("an answer is right up to two hundredths below the limit", () => {
    expect([0.8, 0.79, 0.785, 0.81, 0.5].map((p) => comparedTopP(0.8, p))).toEqual([
      "right", "right", "right", "possible", "low",
    ]); // biome-ignore format: short
  });
});

test("learn: the limit is passed within the training that comes with the site", () => {
  const lines = gunzipSync(readFileSync("public/recordings/mav-tiny-training.jsonl.gz"));
  const events = String(lines).trim().split("\n").map((line) => JSON.parse(line)); // biome-ignore format: short
  const moments = events.filter(({ type, prompt }) => type === "training" && prompt === 0);
  expect(moments.length).toBeGreaterThan(10);
  const limit = lossLimit(moments) ?? 0;
  const place = firstBelow(moments, limit);
  expect(place).toBeGreaterThan(0);
  expect(moments[place]?.loss).toBeLessThan(limit);
  expect(moments[place - 1]?.loss).toBeGreaterThanOrEqual(limit);
  expect(lossLimit([{ step: 0, loss: null }])).toBeNull();
});
