/**
 * A run of a model in the browser: from the settings of the contract to its events. What
 * `mav_engine/running/` does on a server.
 */
import type { FinishReason, ModelInfo, RunRequest } from "@/lib/contract";
import { invalid, LocalError } from "./errors";
import { ALWAYS, LIMITS, PROBES } from "./facts";
import { Ending, reasonById, type TokenEnding } from "./generation/ending";
import { type ForcedTokens, givenTokens } from "./generation/forced-tokens";
import { Prediction, rankBinEdges } from "./generation/prediction";
import { type Choice, Sampler } from "./generation/sampler";
import { type LocalModel, MAX_ROWS } from "./model/model";
import type { PatternMap } from "./probes/attention-map";
import { attentionSources } from "./probes/attention-sources";
import { logitLens } from "./probes/logit-lens";
import { norms } from "./probes/norms";
import { promptIds } from "./prompt";
import { loadRareParts, type RareParts } from "./rare-parts";
import type { SentColumn, SentEvent, SentLayers, SentPrompt, SentToken } from "./sent-events";
import { type ResolvedSettings, resolved } from "./settings";
import { type Point, Step } from "./step";
import type { Vocabulary } from "./text/vocabulary";
import { hex, shortest, toWire } from "./wire";
import type { Details } from "./words.en";

/** A model that has been loaded. */
export interface Loaded {
  readonly model: LocalModel;
  readonly vocabulary: Vocabulary;
  readonly info: ModelInfo;
  /** The text on which tiles are fitted. */
  readonly calibration: string;
}

/** A position of the text in the KV cache, with the score of the token after it. */
interface Cached {
  readonly id: number;
  /** Null where it is not known. */
  score: Score | null;
}

interface Score {
  readonly logprob: number;
  readonly entropy: number;
}

/** The events of the last run, which a run that begins like it repeats. */
interface KeptRun {
  /** All settings but those that change no measurement of a given token. */
  readonly key: string;
  readonly promptIds: readonly number[];
  readonly prompt: SentPrompt;
  readonly tokens: SentToken[];
}

type Measured = Omit<
  SentToken,
  | "type"
  | "index"
  | "position"
  | "token"
  | "forced"
  | "logprob"
  | "rank"
  | "entropy"
  | "text"
  | "timing"
>;

/** Connects a run to another one, with which it is compared. */
export interface Link {
  /** The tokens of the other run, where this one follows them. */
  readonly forced: ForcedTokens | null;
  /** Called with each new token before its event; returns why the run ends with it, or null. */
  add(tokenId: number, prediction: Prediction, step: Step): FinishReason | null;
}

/** Runs a model, one run at a time. Keeps the KV cache and the events of the last run. */
export class LocalEngine {
  readonly #loaded: Loaded;
  #second: LocalEngine | null = null;
  /** The tokens in the KV cache. */
  #cached: Cached[] = [];
  #kept: KeptRun | null = null;
  /** The vectors [positions] of the calibration text at a hook point. */
  readonly #calibrated = new Map<Point, Float32Array[]>();
  readonly #rare: RareParts;

  /** @param rare the parts that have been loaded */
  constructor(loaded: Loaded, rare: RareParts = {}) {
    this.#loaded = loaded;
    this.#rare = rare;
  }

  get info(): ModelInfo {
    return this.#loaded.info;
  }

  get vocabulary(): Vocabulary {
    return this.#loaded.vocabulary;
  }

  /** An engine for a second text of the same weights. */
  get second(): LocalEngine {
    const { model, ...rest } = this.#loaded;
    this.#second ??= new LocalEngine({ ...rest, model: model.second }, this.#rare);
    return this.#second;
  }

  /**
   * Loads the parts that a run needs; comes before the run.
   *
   * @throws LocalError, PartMissing
   */
  async prepare(request: RunRequest): Promise<void> {
    await loadRareParts(this.#rare, resolved(request));
  }

  /**
   * Yields the events of a run. Between two tokens, and before it is asked for its prompt, another
   * run may use the second text.
   *
   * @throws LocalError
   */
  *run(request: RunRequest, link: Link | null = null): Generator<SentEvent, void> {
    const settings = resolved(request);
    const { vocabulary, model, info } = this.#loaded;
    const { sizes } = model;
    const captured = new Set([...ALWAYS, ...settings.capture]);
    checkCaptured(captured);
    const { attentionMap: mapping, tiles, matchers, controls, trace, chat } = this.#rare;
    const ids = promptIds(settings, vocabulary, sizes, chat);
    const limit = Math.min(settings.max_new_tokens, sizes.context - ids.length);
    const hasMap = captured.has("attention_map");
    if (hasMap) mapping?.checkMap(settings, sizes, ids.length, limit);
    if (captured.has("tiles")) tiles?.checkTiles(settings, sizes);
    const edges = rankBinEdges(sizes.vocabulary);
    yield {
      type: "start",
      v: 1,
      run_id: hex(crypto.getRandomValues(new Uint8Array(16))),
      model: info,
      settings,
      probes: PROBES.filter(({ name }) => captured.has(name)),
      rank_bin_edges: edges,
    };
    const began = performance.now();
    const forced = settings.forced_ids;
    const kept = link ? null : this.#keptFor(settings, ids);
    const repeated = kept ? repeatedTokens(kept, settings) : [];
    const maps = hasMap && mapping ? new mapping.PatternMap(sizes) : null;
    let step: Step;
    let prompt: SentPrompt;
    if (kept && repeated.length > 0) {
      const read = [...ids, ...forced.slice(0, repeated.length)];
      step = this.#read(read, Math.min(read.length - 1, this.#sameIds(read)));
      prompt = kept.prompt;
    } else {
      ({ step, prompt } = this.#prefill(settings, captured, ids, maps));
    }
    yield { ...prompt, prefill_ms: performance.now() - began };
    const tokens: SentToken[] = [];
    this.#kept = { key: keyOf(settings), promptIds: ids, prompt, tokens };
    const readAt = performance.now();
    let stepMs = readAt - began;
    const { stopIds, stopTexts } = this.#stops(settings);
    const tokenEnding: TokenEnding = {
      stopIds,
      eosIds: new Set(sizes.eosIds),
      limit,
      forced: link?.forced ?? givenTokens(forced),
    };
    const ending = new Ending(vocabulary, ids, [], stopTexts, settings.breakpoints, matchers);
    const add = (
      chosen: Parameters<Ending["add"]>[0],
      from: Parameters<Ending["add"]>[1],
      caller: FinishReason | null = null,
    ) => {
      const byId = reasonById(tokenEnding, chosen.tokenId, context.length - ids.length);
      context.push(chosen.tokenId);
      return ending.add(chosen, from, { byId, caller });
    };
    const sampler = new Sampler(
      settings,
      sizes.eosIds,
      () => vocabulary.whiteSpace,
      repeated.length,
      { controls, trace },
    );
    const context = [...ids];
    for (let index = 0; index < limit && ending.reason === null; index++) {
      const before = repeated[index];
      if (before) {
        // Only tokens of chat servers lack an id and an entropy.
        const { token, entropy, logprob } = before;
        const chosen = { tokenId: token.id ?? -1, forced: true };
        add(chosen, {
          entropy: entropy ?? 0,
          logprob: () => logprob ?? Number.NEGATIVE_INFINITY,
        });
        tokens.push(before);
        yield { ...before, forced: true };
        continue;
      }
      if (context.length > this.#cached.length) {
        const stepAt = performance.now();
        step = this.#read(context, context.length - 1);
        stepMs = performance.now() - stepAt;
      }
      const measuredAt = performance.now();
      const prediction = predicted(step, index);
      const choice = sampler.choose(prediction, context, index, tokenEnding.forced.at(index));
      const { tokenId } = choice;
      const { entropy } = prediction;
      const logprob = prediction.logprob(tokenId);
      const last = this.#cached.at(-1);
      if (last) last.score = { logprob, entropy };
      const text = add(choice, prediction, link?.add(tokenId, prediction, step));
      if (index > 0) maps?.append(step);
      const token: SentToken = {
        type: "token",
        index,
        position: ids.length + index,
        token: { id: tokenId, text: vocabulary.label(tokenId) },
        forced: choice.forced,
        logprob: finite(logprob),
        rank: prediction.rank(tokenId),
        entropy,
        text,
        ...this.#measured(settings, captured, step, prediction, choice, edges),
        ...(mapping?.isDue(index, settings.attn_every) && { attention_map: maps?.toWire() }),
        timing: { step_ms: stepMs, capture_ms: performance.now() - measuredAt },
      };
      tokens.push(token);
      yield token;
    }
    const count = tokens.length;
    const now = performance.now();
    yield {
      type: "done",
      reason: ending.reason ?? "length",
      text: tokens.map(({ text }) => text).join(""),
      tokens: count,
      elapsed_ms: now - began,
      tokens_per_second: count > 1 ? (1000 * (count - 1)) / (now - readAt) : null,
      resume: null,
      hits: ending.reason === "breakpoint" ? [...ending.hits] : [],
    };
  }

  /** The fields of a token event that the probes measure. */
  #measured(
    settings: ResolvedSettings,
    captured: ReadonlySet<string>,
    step: Step,
    prediction: Prediction,
    choice: Choice,
    edges: readonly number[],
  ): Measured {
    const { vocabulary, model } = this.#loaded;
    const { layers, heads } = model.sizes;
    return {
      top: choice.topIds.map((id, place) => ({
        id,
        text: vocabulary.label(id),
        logit: shortest(prediction.logits[id] ?? Number.NaN),
        prob: shortest(prediction.probs[id] ?? 0) ?? 0,
        sampled_prob:
          choice.kept > 1
            ? (shortest(Math.fround(choice.sampledProbs[place] ?? 0)) ?? 0)
            : (choice.sampledProbs[place] ?? 0),
        cut_by: choice.cutBy[place] ?? null,
      })),
      distribution: {
        rank_bins: toWire(prediction.rankMass(edges), [edges.length - 1]),
        entropy: prediction.entropy,
        effective_tokens: Math.exp(prediction.entropy),
        kept: choice.kept,
        sampled_entropy: choice.sampledEntropy,
      },
      layers: {
        ...layerSizes(step, settings, captured),
        ...(captured.has("attention_entropy") && {
          attn_entropy: toWire(model.patternEntropies(step.row), [layers, heads]),
          attn_entropy_max: Math.log(step.keys),
        }),
      },
      ...(captured.has("attention_rows") && {
        attention_rows: toWire(step.patterns(), [layers, heads, step.keys], LIMITS.half_shares),
      }),
      ...(captured.has("attention_sources") && {
        attention_sources: attentionSources(step, true),
      }),
      ...(captured.has("logit_lens") && {
        logit_lens: logitLens(step, choice.tokenId, vocabulary),
      }),
      ...(captured.has("tiles") && { tiles: this.#rare.tiles?.tiles(step, settings) }),
      ...(captured.has("sampler_stages") && {
        sampler_stages: choice.stages && [...choice.stages],
      }),
    };
  }

  /** Computes a prompt, and measures its columns. */
  #prefill(
    settings: ResolvedSettings,
    captured: ReadonlySet<string>,
    ids: readonly number[],
    maps: PatternMap | null,
  ): { step: Step; prompt: SentPrompt } {
    const { model, vocabulary } = this.#loaded;
    const { layers, heads, width, vocabulary: size } = model.sizes;
    const last = ids.length - 1;
    const most = Math.floor(LIMITS.column_weights / Math.max(1, layers * heads * ids.length));
    const count = captured.has("attention_sources") ? Math.min(LIMITS.columns, most) : 0;
    const first = Math.max(0, last - count);
    const products = layers * width * size * (last - first);
    const withLens = captured.has("logit_lens") && products <= LIMITS.column_lens_products;
    const tiles = captured.has("tiles") ? this.#rare.tiles : undefined;
    const seen: Float32Array[] = [];
    const columns: SentColumn[] = [];
    const calibrated = tiles ? this.#calibration(tiles, tiles.tilePoint(settings)) : [];
    const from = maps || tiles ? 0 : Math.min(first, last, this.#sameScores(ids));
    let step = this.#read(ids, from, (each, position) => {
      maps?.append(each);
      if (tiles && position < LIMITS.tile_prompt_positions) {
        seen.push(tiles.layerVectors(each, tiles.tilePoint(settings)));
      }
      if (position < first || position >= last) return;
      columns.push({
        position,
        layers: layerSizes(each, settings, captured),
        attention_sources: attentionSources(each, false),
        ...(withLens && { logit_lens: logitLens(each, ids[position + 1] ?? 0, vocabulary) }),
      });
    });
    if (tiles) {
      tiles.fitTiles(model, [...seen, ...calibrated], settings.tile);
      // The projection took the place of the pass.
      step = this.#read(ids, last);
    }
    const tokens = vocabulary.tokenRefs(ids).map((ref, i) => {
      const score = this.#cached[i - 1]?.score;
      return {
        ...ref,
        logprob: score ? finite(score.logprob) : null,
        entropy: score?.entropy ?? null,
      };
    });
    const prompt: SentPrompt = {
      type: "prompt",
      tokens,
      prefill_ms: 0,
      written: 0,
      written_text: "",
      ...(maps && { attention_map: maps.toWire() }),
      ...(columns.length > 0 && { columns }),
    };
    return { step, prompt };
  }

  /** The vectors of the calibration text at a hook point, computed once. */
  #calibration(tiles: NonNullable<RareParts["tiles"]>, point: Point): readonly Float32Array[] {
    const known = this.#calibrated.get(point);
    if (known) return known;
    const { model, vocabulary, calibration } = this.#loaded;
    const { context, vocabulary: size } = model.sizes;
    const most = Math.min(LIMITS.calibration_tokens, context);
    const ids = vocabulary
      .encode(calibration, true)
      .filter((id) => id < size)
      .slice(0, most);
    const vectors: Float32Array[] = [];
    this.#read(ids, 0, (step) => vectors.push(tiles.layerVectors(step, point)));
    this.#calibrated.set(point, vectors);
    return vectors;
  }

  /**
   * Computes tokens from position `from` on; those before are in the KV cache.
   *
   * @returns the step at the last position
   */
  #read(
    ids: readonly number[],
    from: number,
    visit?: (step: Step, position: number) => void,
  ): Step {
    const { model } = this.#loaded;
    model.truncate(from);
    this.#cached.length = from;
    let step: Step | null = null;
    for (let begin = from; begin < ids.length; begin += MAX_ROWS) {
      const part = ids.slice(begin, begin + MAX_ROWS);
      const pass = model.read(part);
      for (const [row, id] of part.entries()) {
        const position = begin + row;
        step = new Step(model, pass, row);
        const next = ids[position + 1];
        this.#cached.push({ id, score: visit && next !== undefined ? score(step, next) : null });
        visit?.(step, position);
      }
    }
    if (!step) throw new Error("there is no token to compute");
    return step;
  }

  /** The number of tokens with which both a text and the KV cache begin. */
  #sameIds(ids: readonly number[]): number {
    const place = ids.findIndex((id, i) => this.#cached[i]?.id !== id);
    return place < 0 ? ids.length : place;
  }

  /** How many of these have a known score of the token after them. */
  #sameScores(ids: readonly number[]): number {
    const scored = Math.max(0, this.#sameIds(ids) - 1);
    const place = this.#cached.slice(0, scored).findIndex((each) => each.score === null);
    return place < 0 ? scored : place;
  }

  #keptFor(settings: ResolvedSettings, ids: readonly number[]): KeptRun | null {
    const kept = this.#kept;
    return kept && kept.key === keyOf(settings) && kept.promptIds.join() === ids.join()
      ? kept
      : null;
  }

  /** The ids of stop strings that are special tokens, and all stop strings. */
  #stops(settings: ResolvedSettings): { stopIds: Set<number>; stopTexts: string[] } {
    const { special } = this.#loaded.vocabulary;
    const ids = settings.stop.map((text) => special.get(text)).filter((id) => id !== undefined);
    const turns = this.#rare.chat && settings.messages ? this.#rare.chat.TURN_STARTS : [];
    return { stopIds: new Set(ids), stopTexts: [...settings.stop, ...turns] };
  }
}

/** Settings that change no measurement of a given token. */
const CHANGE_NOTHING: ReadonlySet<string> = new Set([
  "forced_ids",
  "max_new_tokens",
  "breakpoints",
  "seed",
]);

const keyOf = (settings: ResolvedSettings): string =>
  JSON.stringify(settings, (name, value) => (CHANGE_NOTHING.has(name) ? undefined : value));

/**
 * Returns the events of the kept run's tokens with which a run is forced to begin. Not the last
 * one, which may have its text only because that run ended there. None where maps are measured,
 * which need every step.
 */
function repeatedTokens(
  { tokens }: KeptRun,
  { forced_ids, capture, attn_every }: ResolvedSettings,
): readonly SentToken[] {
  if (capture.includes("attention_map") && attn_every > 0) return [];
  const candidates = tokens.slice(0, -1);
  const place = candidates.findIndex(({ token }, i) => token.id !== forced_ids[i]);
  return place < 0 ? candidates : candidates.slice(0, place);
}

function predicted(step: Step, index: number): Prediction {
  try {
    // A copy: a comparison keeps it while the next pass is computed.
    return new Prediction(step.logits.slice());
  } catch (error) {
    if (!(error instanceof LocalError)) throw error;
    const [kind] = error.values as Parameters<Details["notFinite"]>;
    throw LocalError.of("not_finite", "notFiniteAt", [kind, index, step.keys]);
  }
}

/** The score of the next token of a prompt. */
function score(step: Step, next: number): Score {
  try {
    const prediction = new Prediction(step.logits);
    return { logprob: prediction.logprob(next), entropy: prediction.entropy };
  } catch (error) {
    if (!(error instanceof LocalError)) throw error;
    return { logprob: Number.NaN, entropy: Number.NaN };
  }
}

function layerSizes(
  step: Step,
  { aggregation }: ResolvedSettings,
  captured: ReadonlySet<string>,
): SentLayers {
  const sizes = (point: Point) => toWire(norms(step, point, aggregation), [step.count(point)]);
  return {
    ...(captured.has("residual") && { resid_norm: sizes("resid") }),
    ...(captured.has("mlp") && { mlp_norm: sizes("mlp_out"), attn_norm: sizes("attn_out") }),
  };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** @throws LocalError (invalid_settings) if a probe is not one of those that exist here */
function checkCaptured(captured: ReadonlySet<string>): void {
  const names = PROBES.map(({ name }) => name);
  const unknown = [...captured].find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw invalid("capture", "unknownProbe", unknown, names.join(", "));
}
