/**
 * Chooses a token from logits, and records which control removed each candidate.
 *
 * The controls are applied in transformers' order: repetition penalty, n-gram ban, end-of-text and
 * white-space blocks, then temperature, top-k, top-p, min-p. Each run has its own generator and draws
 * one uniform number per token, forced tokens included. So a run that is forced to the beginning of
 * another, with the same seed, continues like it. `mav_engine/generation/sampler.py` chooses the same
 * tokens.
 */

import type { RunSettings, SamplerStage } from "@/lib/contract";
import { LocalError } from "../errors";
import type { Filter } from "./controls";
import { placeOf } from "./ids";
import { Pcg64 } from "./pcg64";
import { type Prediction, peakOf } from "./prediction";
import { Ranking } from "./ranking";
import type { Control, SamplingTrace } from "./sampling-trace";
import { normalized } from "./softmax";

const REMOVED = Number.NEGATIVE_INFINITY;
/** exp() of anything lower is 0 in double precision. */
const UNDERFLOW = -745;

/** The chosen token, and how the sampler chose it. */
export interface Choice {
  readonly tokenId: number;
  readonly forced: boolean;
  /** Number of tokens with a probability above 0. */
  readonly kept: number;
  /** Entropy of the sampled distribution, in nats. */
  readonly sampledEntropy: number;
  /** The likeliest tokens of the raw prediction, best first. */
  readonly topIds: readonly number[];
  /** The probability of each in the sampled distribution; 0 if it was removed. */
  readonly sampledProbs: readonly number[];
  /** The control that removed each, or null. */
  readonly cutBy: readonly (Control | null)[];
  /** The result of each active control, in order; null if not captured. */
  readonly stages: readonly SamplerStage[] | null;
}

/** Tokens that can be sampled, in ascending order of their ids. */
interface Candidates {
  readonly ids: Uint32Array;
  /** Logits minus the largest, divided by the temperature. */
  readonly scores: Float64Array;
}

/** Tokens that can be sampled and their probabilities, likeliest first. */
interface Sampled {
  readonly ids: Uint32Array;
  readonly probs: Float64Array;
}

/** What few runs need: the controls of `controls.ts`, and the trace of all. */
export interface SamplerParts {
  readonly controls?: typeof import("./controls") | undefined;
  readonly trace?: typeof import("./sampling-trace") | undefined;
}

/** The sampling controls of one run. */
export class Sampler {
  readonly #settings: RunSettings;
  readonly #eosIds: readonly number[];
  readonly #whiteSpace: readonly number[];
  readonly #random: Pcg64;
  readonly #filters: readonly (readonly [Control, Filter])[];
  readonly #parts: SamplerParts;

  /**
   * @param settings with the seed resolved.
   * @param eosIds the ids that end a text.
   * @param whiteSpace returns the ids of white-space tokens; called only if they are blocked.
   * @param drawn number of tokens of a resumed run so far.
   * @param parts those that the settings need.
   */
  constructor(
    settings: RunSettings & { readonly seed: number },
    eosIds: readonly number[],
    whiteSpace: () => readonly number[],
    drawn = 0,
    parts: SamplerParts = {},
  ) {
    this.#settings = settings;
    this.#eosIds = eosIds;
    this.#whiteSpace = settings.block_ws_steps > 0 ? whiteSpace() : [];
    this.#random = new Pcg64(settings.seed).advance(drawn);
    this.#filters = filtersOf(settings, parts);
    this.#parts = parts;
  }

  /**
   * Choose token number `index` after the ids of `context`, or take the forced one.
   *
   * @throws LocalError (no_candidates) the controls removed every token.
   */
  choose(
    prediction: Prediction,
    context: readonly number[],
    index: number,
    forced: number | null,
  ): Choice {
    const draw = this.#random.random();
    const top = prediction.top(this.#settings.top_n);
    const { trace } = this.#parts;
    const isTraced = trace && this.#settings.capture.includes("sampler_stages");
    const trail = new Trail(top, isTraced ? new trace.SamplingTrace(this.#settings, top) : null);
    const scores = this.#controlled(prediction, context, index, trail);
    const ranking = scores === prediction.logits ? prediction.ranking : new Ranking(scores);
    const { ids, probs } = this.#candidates(scores, ranking, trail);
    const tokenId = forced ?? pick(ids, probs, draw);
    return {
      tokenId,
      forced: forced !== null,
      kept: ids.length,
      sampledEntropy: entropyOf(probs),
      topIds: top,
      sampledProbs: probsOf(top, ids, probs),
      cutBy: trail.cutBy,
      stages: trail.stages?.rows(tokenId) ?? null,
    };
  }

  /** [vocabulary] scores after the controls that depend on the text so far. */
  #controlled(
    prediction: Prediction,
    context: readonly number[],
    index: number,
    trail: Trail,
  ): Float32Array {
    const settings = this.#settings;
    const { controls } = this.#parts;
    const names: Control[] = [];
    let scores = prediction.logits;
    const record = (name: Control, changed: Float32Array) => {
      scores = changed;
      trail.cut(name, (id) => changed[id] === REMOVED);
      trail.stages?.addAll(name, changed);
      names.push(name);
    };
    if (controls && settings.repetition_penalty !== 1) {
      const penalty = settings.repetition_penalty;
      record("repetition_penalty", controls.repetitionPenalty(scores, context, penalty));
    }
    if (controls && settings.no_repeat_ngram_size > 0) {
      const size = settings.no_repeat_ngram_size;
      record("no_repeat_ngram", controls.noRepeatNgram(scores, context, size));
    }
    for (const [name, ids] of this.#blocks(index)) record(name, without(scores, ids));
    if (trail.cutBy.every((name) => name !== null) && peakOf(scores) === REMOVED) {
      throw LocalError.of("no_candidates", "noCandidates", [names.join(", ")]);
    }
    return scores;
  }

  #blocks(index: number): (readonly [Control, readonly number[]])[] {
    const settings = this.#settings;
    const blocks: readonly (readonly [Control, number, readonly number[]])[] = [
      ["min_new_tokens", settings.min_new_tokens, this.#eosIds],
      ["block_eos", settings.block_eos_steps, this.#eosIds],
      ["block_ws", settings.block_ws_steps, this.#whiteSpace],
    ];
    return blocks.flatMap(([name, steps, ids]) =>
      index < steps && ids.length > 0 ? [[name, ids] as const] : [],
    );
  }

  /** Tokens that can be sampled and their probabilities, likeliest first. */
  #candidates(scores: Float32Array, ranking: Ranking, trail: Trail): Sampled {
    const { temperature, top_k } = this.#settings;
    const best = ranking.top(1)[0] ?? 0;
    const peak = scoreOf(scores, best);
    if (temperature === 0) {
      trail.cut("temperature", (id) => id !== best);
      trail.stages?.add("temperature", Float64Array.of(0), [best]);
      return { ids: Uint32Array.of(best), probs: Float64Array.of(1) };
    }
    // Shifted so that dividing by a small temperature cannot overflow.
    const coldest = UNDERFLOW * temperature;
    trail.cut("temperature", (id) => scoreOf(scores, id) - peak < coldest);
    const warmed = (least: number) => candidatesOf(scores, least, peak, coldest, temperature);
    if (trail.stages && temperature !== 1) {
      const warm = warmed(REMOVED);
      trail.stages.add("temperature", warm.scores, warm.ids);
    }
    // Division keeps the order, so top-k can be applied first and saves work.
    const limited = top_k > 0 && top_k < scores.length;
    const kth = limited ? scoreOf(scores, ranking.top(top_k).at(-1) ?? 0) : REMOVED;
    trail.cut("top_k", (id) => scoreOf(scores, id) < kth);
    let left = warmed(kth);
    if (kth > REMOVED) trail.stages?.add("top_k", left.scores, left.ids);
    for (const [name, filter] of this.#filters) {
      left = staying(left, filter(left.scores));
      const { ids } = left;
      trail.cut(name, (id) => placeOf(id, ids) < 0);
      trail.stages?.add(name, left.scores, ids);
    }
    return sampledOf(left);
  }
}

/** Records which control removed each of the top candidates, and the sampling trace. */
class Trail {
  readonly cutBy: (Control | null)[];
  readonly stages: SamplingTrace | null;
  readonly #top: readonly number[];

  constructor(top: readonly number[], stages: SamplingTrace | null) {
    this.#top = top;
    this.stages = stages;
    this.cutBy = top.map(() => null);
  }

  /** Record the control for those of the top candidates that it removed. */
  cut(control: Control, isGone: (tokenId: number) => boolean): void {
    this.#top.forEach((tokenId, place) => {
      if (isGone(tokenId)) this.cutBy[place] ??= control;
    });
  }
}

function filtersOf(
  { top_p, min_p }: RunSettings,
  { controls }: SamplerParts,
): (readonly [Control, Filter])[] {
  const filters: (readonly [Control, Filter])[] = [];
  if (controls && top_p < 1) filters.push(["top_p", (scores) => controls.topP(scores, top_p)]);
  if (controls && min_p > 0) filters.push(["min_p", (scores) => controls.minP(scores, min_p)]);
  return filters;
}

/** A copy of the scores in which these ids are removed. */
function without(scores: Float32Array, ids: readonly number[]): Float32Array {
  const left = scores.slice();
  // A tokenizer may have more tokens than the model; setting those changes nothing.
  for (const id of ids) left[id] = REMOVED;
  return left;
}

function scoreOf(scores: Float32Array, tokenId: number): number {
  return scores[tokenId] ?? REMOVED;
}

/** The tokens with at least this score, and with a probability above 0 at this temperature. */
function candidatesOf(
  scores: Float32Array,
  least: number,
  peak: number,
  coldest: number,
  temperature: number,
): Candidates {
  const ids = new Uint32Array(scores.length);
  const shifted = new Float64Array(scores.length);
  let count = 0;
  for (let id = 0; id < scores.length; id++) {
    const score = scores[id] as number;
    if (score < least || score - peak < coldest) continue;
    ids[count] = id;
    shifted[count++] = (score - peak) / temperature;
  }
  return { ids: ids.subarray(0, count), scores: shifted.subarray(0, count) };
}

function staying({ ids, scores }: Candidates, stays: Uint8Array): Candidates {
  const isLeft = (_: number, place: number) => stays[place] === 1;
  return { ids: ids.filter(isLeft), scores: scores.filter(isLeft) };
}

function sampledOf({ ids, scores }: Candidates): Sampled {
  const order = new Ranking(scores).all();
  const ranked = new Uint32Array(ids.length);
  const weights = new Float64Array(ids.length);
  for (let rank = 0; rank < order.length; rank++) {
    const place = order[rank] as number;
    ranked[rank] = ids[place] as number;
    weights[rank] = Math.exp(scores[place] as number);
  }
  return { ids: ranked, probs: normalized(weights) };
}

function probsOf(wanted: readonly number[], ids: Uint32Array, probs: Float64Array): number[] {
  const rows = new Map(wanted.map((id, row) => [id, row]));
  const found = wanted.map(() => 0);
  let missing = wanted.length;
  for (let place = 0; place < ids.length && missing > 0; place++) {
    const row = rows.get(ids[place] as number);
    if (row === undefined) continue;
    found[row] = probs[place] as number;
    missing--;
  }
  return found;
}

/** -sum(p ln p) in nats, with 0 ln 0 = 0. */
function entropyOf(probs: Float64Array): number {
  if (probs.length === 1) return 0;
  let sum = 0;
  for (let place = 0; place < probs.length; place++) {
    const prob = probs[place] as number;
    if (prob > 0) sum += prob * Math.log(prob);
  }
  return Math.max(0, -sum);
}

/** Inverse of the cumulative distribution at a uniform number from [0, 1). */
function pick(ids: Uint32Array, probs: Float64Array, draw: number): number {
  let total = 0;
  for (let place = 0; place < probs.length; place++) total += probs[place] as number;
  // The draw is below 1, and so is its product with the sum below that.
  const wanted = draw * total;
  let running = 0;
  for (let place = 0; place < ids.length; place++) {
    running += probs[place] ?? 0;
    if (running > wanted) return ids[place] ?? 0;
  }
  return ids.at(-1) ?? 0;
}
