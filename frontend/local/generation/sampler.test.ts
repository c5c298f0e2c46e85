import { describe, expect, test } from "vitest";
import type { RunSettings } from "@/lib/contract";
import { distance, errorOf, golden, settingsOf } from "../goldens.fixture";
import * as controls from "./controls";
import { standardNormals } from "./normals";
import { Prediction, rankBinEdges } from "./prediction";
import { roundHalfEven } from "./rounding";
import { type Choice, Sampler } from "./sampler";
import * as trace from "./sampling-trace";
import { shortestDecimal } from "./shortest-decimal";

type Stage = readonly [string, number, number, readonly (number | null)[], number | null];

interface Logits {
  readonly vocabulary: number;
  readonly seed: number;
  readonly scale: number;
  readonly parts: number;
  readonly removed: number;
  readonly values: readonly (readonly [number, number])[];
}

interface GoldenChoice {
  readonly error?: string;
  readonly id: number;
  readonly kept: number;
  readonly top: readonly number[];
  readonly cut_by: readonly (string | null)[];
  readonly sampled_entropy: number;
  readonly sampled_probs: readonly number[];
  readonly stages: readonly Stage[] | null;
  readonly entropy: number;
  readonly log_total: number;
  readonly rank: number;
  readonly top_logits: readonly (number | null)[];
  readonly top_probs: readonly number[];
  readonly rank_mass: readonly number[];
}

interface Case {
  readonly logits: Logits;
  readonly settings: Partial<RunSettings>;
  readonly context: readonly number[];
  readonly eos_ids: readonly number[];
  readonly white_space: readonly number[];
  readonly drawn: number;
  readonly forced: number | null;
  readonly choices: readonly GoldenChoice[];
}

interface Content {
  readonly cases: readonly Case[];
  readonly not_finite: readonly { readonly logits: readonly (string | number)[]; error: string }[];
}

const GOLDEN = golden<Content>("sampling");
/** Relative; numpy's exp() in single precision is off by one or two in the last place. */
const CLOSE = 1e-6;
/** numpy adds up the prediction's entropy in single precision. */
const CLOSE_ENTROPY = 1e-5;

/** The logits of `make_logits` in `tests/goldens/sampling.py`. */
function makeLogits(spec: Logits, step: number): Float32Array {
  const logits = standardNormals([spec.seed, step], spec.vocabulary);
  for (let id = 0; id < logits.length; id++) {
    const scaled = Math.fround((logits[id] ?? 0) * Math.fround(spec.scale));
    logits[id] = spec.parts > 0 ? roundHalfEven(scaled * spec.parts) / spec.parts : scaled;
    if (spec.removed > 0 && id % spec.removed === 0) logits[id] = Number.NEGATIVE_INFINITY;
  }
  for (const [id, value] of spec.values) logits[id] = value;
  return logits;
}

/** What the controls decided, which is equal to the last number. */
const decisions = ({ tokenId, kept, topIds, cutBy, stages }: Choice) => ({
  id: tokenId,
  kept,
  top: topIds,
  cut_by: cutBy,
  stages:
    stages?.map(({ control, setting, kept, probs, said }) => [
      control,
      setting,
      kept,
      probs.map((prob) => prob !== null),
      said !== null,
    ]) ?? null,
});

const wantedDecisions = ({ id, kept, top, cut_by, stages }: GoldenChoice) => ({
  id,
  kept,
  top,
  cut_by,
  stages:
    stages?.map(([control, setting, kept, probs, said]) => [
      control,
      setting,
      kept,
      probs.map((prob) => prob !== null),
      said !== null,
    ]) ?? null,
});

/** Pairs of numbers that should be close. */
function numbers(choice: Choice, prediction: Prediction, wanted: GoldenChoice) {
  const edges = rankBinEdges(prediction.logits.length);
  const masses = Array.from(prediction.rankMass(edges));
  const pairs: [number, number][] = [
    [choice.sampledEntropy, wanted.sampled_entropy],
    [prediction.logTotal, wanted.log_total],
  ];
  const zip = (ours: readonly (number | null)[], theirs: readonly (number | null)[]) => {
    expect(ours).toHaveLength(theirs.length);
    ours.forEach((number, place) => {
      pairs.push([number ?? 0, theirs[place] ?? 0]);
    });
  };
  zip(choice.sampledProbs, wanted.sampled_probs);
  zip(masses, wanted.rank_mass);
  zip(topOf(prediction, prediction.probs), wanted.top_probs);
  choice.stages?.forEach((stage, row) => {
    const [, , , probs, said] = wanted.stages?.[row] ?? ["", 0, 0, [], null];
    zip([...stage.probs, stage.said], [...probs, said]);
  });
  return pairs;
}

const seeded = (given: Partial<RunSettings>): RunSettings & { seed: number } => ({
  ...settingsOf(given),
  seed: given.seed ?? 1,
});

/** The numbers of the three likeliest tokens. */
const topOf = (prediction: Prediction, numbers: Float32Array): number[] =>
  prediction.top(3).map((id) => shortestDecimal(numbers[id] ?? Number.NaN));

describe("the sampler chooses what the engine in Python chooses", () => {
  test.each(GOLDEN.cases.map((each, number) => [number, each] as const))("case %i", (_, each) => {
    const settings = seeded(each.settings);
    const whiteSpace = () => each.white_space;
    const sampler = new Sampler(settings, each.eos_ids, whiteSpace, each.drawn, {
      controls,
      trace,
    });
    const context = [...each.context];
    each.choices.forEach((wanted, step) => {
      const prediction = new Prediction(makeLogits(each.logits, step));
      const choose = () => sampler.choose(prediction, context, step, each.forced);
      if (wanted.error !== undefined) {
        expect(errorOf(choose)).toBe(wanted.error);
        return;
      }
      const choice = choose();
      expect(decisions(choice)).toEqual(wantedDecisions(wanted));
      expect(choice.forced).toBe(each.forced !== null);
      expect(prediction.rank(choice.tokenId)).toBe(wanted.rank);
      const finite = (logit: number) => (Number.isFinite(logit) ? logit : null);
      expect(topOf(prediction, prediction.logits).map(finite)).toEqual(wanted.top_logits);
      const far = numbers(choice, prediction, wanted).filter((pair) => distance(...pair) > CLOSE);
      expect(far).toEqual([]);
      expect(distance(prediction.entropy, wanted.entropy)).toBeLessThan(CLOSE_ENTROPY);
      context.push(choice.tokenId);
    });
  });

  test("there are cases of every control", () => {
    const cut = GOLDEN.cases.flatMap(({ choices }) => choices.flatMap((each) => each.cut_by ?? []));
    const controls = "repetition_penalty no_repeat_ngram min_new_tokens block_eos block_ws";
    const names = `${controls} temperature top_k top_p min_p`.split(" ");
    expect(new Set(cut)).toEqual(new Set([null, ...names]));
  });
});

test.each(GOLDEN.not_finite)("logits $logits are refused", ({ logits, error }) => {
  const named: Record<string, number> = {
    nan: Number.NaN,
    inf: Number.POSITIVE_INFINITY,
    "-inf": Number.NEGATIVE_INFINITY,
  };
  const values = Float32Array.from(logits, (each) => named[each] ?? Number(each));
  expect(errorOf(() => new Prediction(values))).toBe(error);
});

test("log-probability and rank", () => {
  const prediction = new Prediction(Float32Array.of(1, 3, 2, 3));
  expect(prediction.logprob(2)).toBeCloseTo(Math.log(prediction.probs[2] ?? 0), 6);
  expect([0, 1, 2, 3].map((id) => prediction.rank(id))).toEqual([3, 0, 2, 0]);
  expect(prediction.top(3)).toEqual([1, 3, 2]);
});

test("white space is looked up only where it is blocked", () => {
  const never = () => {
    throw new Error("looked up");
  };
  expect(() => new Sampler(seeded({}), [], never)).not.toThrow();
  expect(() => new Sampler(seeded({ block_ws_steps: 1 }), [], never)).toThrow();
});
