/** A model that runs in the browser: a text, its KV cache, and what a pass leaves to be measured. */

import { type Config, configOf, eosIds } from "./config-fields";
import { checkSimd, Engine, type Format, MAX_ROWS, outOfMemory } from "./engine";
import { checkSize, unsupported } from "./errors";
import { GPT2_NAMING, gpt2Products, gpt2Shapes, placeGpt2 } from "./gpt2";
import { readGpt2Config } from "./gpt2-config";
import { LLAMA_NAMING, llamaProducts, llamaShapes, placeLlama } from "./llama";
import { readLlamaConfig } from "./llama-config";
import { readSafetensors } from "./safetensors";
import { type Naming, namedWeights, type Shapes, WeightWriter } from "./weights";

export { MAX_ROWS } from "./engine";
export { LocalModelError, type LocalModelErrorCode } from "./errors";

export interface ModelSizes {
  readonly family: "llama" | "gpt2";
  /** Its class in transformers. */
  readonly className: string;
  readonly parameters: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly width: number;
  readonly vocabulary: number;
  readonly context: number;
  /** The ids that end a text; empty where neither configuration states any. */
  readonly eosIds: number[];
}

/** The outputs of a pass over `rows` tokens: views of memory that the next pass overwrites. */
export interface Pass {
  readonly rows: number;
  /** Positions in the KV cache, these included. */
  readonly keys: number;
  /** [rows, vocabulary] */
  readonly logits: Float32Array;
  /** [layers + 1, rows, width] */
  readonly resid: Float32Array;
  /** [layers, rows, width] */
  readonly attnOut: Float32Array;
  /** [layers, rows, width] */
  readonly mlpOut: Float32Array;
  /** [layers, rows, heads, keys] */
  readonly pattern: Float32Array;
}

/** The logit lens, one of each for a layer. */
export interface LensLayers {
  ids: Int32Array;
  probs: Float32Array;
  ranks: Int32Array;
}

/** One text of a model. */
export interface LocalModel {
  readonly sizes: ModelSizes;
  /** A second text of the same weights. A pass of one text ends the last pass of the other. */
  readonly second: LocalModel;
  /** Positions in the KV cache. */
  readonly length: number;
  /** Forgets the positions from `length` on. */
  truncate(length: number): void;
  /** Reads at most MAX_ROWS tokens after those in the KV cache. */
  read(ids: readonly number[]): Pass;
  /** The entropies [layers, heads] in nats of the patterns of a row of the last pass. */
  patternEntropies(row: number): Float32Array;
  /**
   * The logit lens after each layer for a row of the last pass: the best id, its probability, and
   * the number of tokens with a higher logit than `id`.
   */
  lens(row: number, id: number): LensLayers;
  /** Stores directions [layers, cells, width] and means [layers, width]. Ends the last pass. */
  setProjection(directions: Float32Array, means: Float32Array, cells: number): void;
  /** The products [layers, cells] of vectors [layers, width], less the means, and directions. */
  project(vectors: Float32Array): Float32Array;
}

export interface ModelFiles {
  /** config.json */
  readonly config: unknown;
  /** generation_config.json, where there is one. */
  readonly generationConfig?: unknown;
  /** model.safetensors */
  readonly weights: ArrayBuffer | Uint8Array;
}

/**
 * Models with at most this many parameters are stored in float32. It takes twice the memory, but a
 * token of the embedded model takes 0.7 ms instead of 0.9 (Chromium): nothing is converted. The
 * weights of larger models are not in the processor's cache, so fewer bytes are faster.
 */
const MOST_FLOAT32 = 8_000_000;

/** What differs between the families. */
interface Described {
  readonly sizes: Omit<ModelSizes, "parameters" | "eosIds">;
  readonly shapes: Shapes;
  readonly naming: Naming;
  readonly products: readonly string[];
  place(engine: Engine, writer: WeightWriter): void;
}

/**
 * Compiles engine.wasm.
 *
 * Throws a `LocalModelError` (no_simd) where the browser does not support it.
 */
export async function compileEngine(engine: BufferSource): Promise<WebAssembly.Module> {
  checkSimd();
  return WebAssembly.compile(engine);
}

/**
 * Loads a model into an engine of its own.
 *
 * Throws a `LocalModelError`. `format` is for tests and measurements.
 */
export async function loadModel(
  module: WebAssembly.Module,
  files: ModelFiles,
  format?: Format | "smallest",
): Promise<LocalModel> {
  checkSimd();
  const config = configOf(files.config);
  const described = describe(config);
  const parameters = [...described.shapes.values()]
    .map((shape) => shape.reduce((product, size) => product * size, 1))
    .reduce((total, count) => total + count, 0);
  checkSize(parameters);
  const { weights } = files;
  const file = weights instanceof Uint8Array ? weights : new Uint8Array(weights);
  const tensors = namedWeights(readSafetensors(file), described.shapes, described.naming);
  const generation = files.generationConfig == null ? null : configOf(files.generationConfig);
  const ids = eosIds(config, generation, described.sizes.vocabulary);
  const engine = await Engine.create(module);
  const stored = format ?? (parameters <= MOST_FLOAT32 ? "F32" : "smallest");
  described.place(engine, new WeightWriter(engine, tensors, described.products, stored));
  return new EngineModel(engine, { ...described.sizes, parameters, eosIds: ids });
}

function describe(given: Config): Described {
  const type = String(given.model_type).slice(0, 80);
  if (type === "llama" || type === "mistral") {
    const config = readLlamaConfig(given);
    return {
      sizes: { ...sizesOf(config), family: "llama", kvHeads: config.kvHeads },
      shapes: llamaShapes(config),
      naming: LLAMA_NAMING,
      products: llamaProducts(config),
      place: (engine, writer) => placeLlama(config, engine, writer),
    };
  }
  if (type === "gpt2") {
    const config = readGpt2Config(given);
    return {
      sizes: { ...sizesOf(config), family: "gpt2", kvHeads: config.heads },
      shapes: gpt2Shapes(config),
      naming: GPT2_NAMING,
      products: gpt2Products(config),
      place: (engine, writer) => placeGpt2(config, engine, writer),
    };
  }
  throw unsupported(`its model_type is ${type}, not llama, mistral or gpt2`);
}

type CommonSizes = Omit<ModelSizes, "family" | "kvHeads" | "parameters" | "eosIds">;

function sizesOf(config: CommonSizes): CommonSizes {
  const { className, layers, heads, width, vocabulary, context } = config;
  return { className, layers, heads, width, vocabulary, context };
}

class EngineModel implements LocalModel {
  #length = 0;
  #cells = 0;

  constructor(
    private readonly engine: Engine,
    readonly sizes: ModelSizes,
    private readonly text = 0,
  ) {}

  get second(): LocalModel {
    return new EngineModel(this.engine, this.sizes, 1);
  }

  get length(): number {
    return this.#length;
  }

  truncate(length: number): void {
    if (!isWithin(length, this.#length + 1)) throw new RangeError(`no length: ${length}`);
    this.#length = length;
  }

  read(ids: readonly number[]): Pass {
    const { layers, heads, width, vocabulary, context } = this.sizes;
    const rows = ids.length;
    const keys = this.#length + rows;
    if (!isWithin(rows - 1, MAX_ROWS)) throw new RangeError(`${rows} tokens in one pass`);
    if (keys > context) throw new RangeError(`${keys} positions, but the context has ${context}`);
    if (!ids.every((id) => isWithin(id, vocabulary))) throw new RangeError(`no ids: ${ids}`);
    const { engine } = this;
    const exports = this.#chosen();
    engine.integers(exports.ids(), rows).set(ids);
    if (!exports.read(rows, this.#length)) throw outOfMemory();
    this.#length = keys;
    const size = rows * width;
    return {
      rows,
      keys,
      logits: engine.floats(exports.logits(), rows * vocabulary),
      resid: engine.floats(exports.resid(), (layers + 1) * size),
      attnOut: engine.floats(exports.attn_out(), layers * size),
      mlpOut: engine.floats(exports.mlp_out(), layers * size),
      pattern: engine.floats(exports.pattern(), layers * rows * heads * keys),
    };
  }

  patternEntropies(row: number): Float32Array {
    this.#checkRow(row);
    const { layers, heads } = this.sizes;
    return this.engine.floats(this.engine.exports.entropies(row), layers * heads).slice();
  }

  lens(row: number, id: number): LensLayers {
    this.#checkRow(row);
    const { layers, vocabulary } = this.sizes;
    if (!isWithin(id, vocabulary)) throw new RangeError(`no id: ${id}`);
    const { engine } = this;
    const { exports } = engine;
    exports.lens(row, id);
    return {
      ids: engine.integers(exports.lens_ids(), layers).slice(),
      probs: engine.floats(exports.lens_probs(), layers).slice(),
      ranks: engine.integers(exports.lens_ranks(), layers).slice(),
    };
  }

  setProjection(directions: Float32Array, means: Float32Array, cells: number): void {
    const { layers, width } = this.sizes;
    if (directions.length !== layers * cells * width || means.length !== layers * width) {
      throw new RangeError(`${directions.length} and ${means.length} numbers for ${cells} cells`);
    }
    const at = this.#chosen().reserve_projection(cells) >>> 0;
    if (!at) throw outOfMemory();
    const floats = this.engine.floats(at, directions.length + means.length);
    floats.set(directions);
    floats.set(means, directions.length);
    this.#cells = cells;
  }

  project(vectors: Float32Array): Float32Array {
    const { layers, width } = this.sizes;
    if (vectors.length !== layers * width) throw new RangeError(`${vectors.length} numbers`);
    const { engine } = this;
    const exports = this.#chosen();
    engine.floats(exports.vectors(), vectors.length).set(vectors);
    return engine.floats(exports.project(), layers * this.#cells).slice();
  }

  /** The engine's functions, for this text. */
  #chosen(): Engine["exports"] {
    this.engine.exports.choose(this.text);
    return this.engine.exports;
  }

  #checkRow(row: number): void {
    const rows = this.#chosen().rows();
    if (!isWithin(row, rows)) throw new RangeError(`row ${row} of a pass of ${rows}`);
  }
}

const isWithin = (index: number, count: number) =>
  Number.isSafeInteger(index) && index >= 0 && index < count;
