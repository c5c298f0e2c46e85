/** A model that runs in the browser: a text, its KV cache, and what a pass leaves to be measured. */

import type { ModelDescription, ModelSizes } from "./description";
import { checkSimd, Engine, type Format, MAX_ROWS, outOfMemory } from "./engine";
import { WeightWriter } from "./weights";

export type { ModelSizes } from "./description";
export { MAX_ROWS } from "./engine";

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

/**
 * Models with at most this many parameters are stored in float32. It takes twice the memory, but a
 * token of the embedded model takes 0.7 ms instead of 0.9 (Chromium): nothing is converted. The
 * weights of larger models are not in the processor's cache, so fewer bytes are faster.
 */
const MOST_FLOAT32 = 8_000_000;

/**
 * Compiles engine.wasm.
 *
 * Throws a `LocalError` (no_simd) where the browser does not support it.
 */
export async function compileEngine(engine: BufferSource): Promise<WebAssembly.Module> {
  checkSimd();
  return WebAssembly.compile(engine);
}

/**
 * Loads a model into an engine of its own.
 *
 * Throws a `LocalError`. `format` is for tests and measurements.
 */
export async function loadModel(
  module: WebAssembly.Module,
  description: ModelDescription,
  weights: Uint8Array,
  format?: Format | "smallest",
): Promise<LocalModel> {
  checkSimd();
  const { sizes, layers, embedding, head, norm, bias, places } = description;
  const engine = await Engine.create(module);
  const all = [...layers.flat(), embedding, head ?? embedding];
  const stored = format ?? (sizes.parameters <= MOST_FLOAT32 ? "F32" : "smallest");
  const writer = new WeightWriter(engine, weights, all, stored);
  engine.configure({ ...description.engine, format: writer.format });
  layers.forEach((layer, index) => {
    layer
      .map((weight) => writer.write(weight))
      .forEach((at, place) => {
        engine.exports.set_layer(index, place, at);
      });
  });
  const table = writer.write(embedding);
  engine.exports.set_ends(
    table,
    head ? writer.write(head) : table,
    writer.write(norm),
    bias ? writer.write(bias) : 0,
    "as" in places ? writer.write(places) : engine.floatsOf(places),
  );
  return new EngineModel(engine, sizes);
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
    check(length, this.#length + 1);
    this.#length = length;
  }

  read(ids: readonly number[]): Pass {
    const { layers, heads, width, vocabulary, context } = this.sizes;
    const rows = ids.length;
    const keys = this.#length + rows;
    check(rows - 1, MAX_ROWS);
    check(keys, context + 1);
    for (const id of ids) check(id, vocabulary);
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
    check(id, vocabulary);
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
    checkLength(directions, layers * cells * width);
    checkLength(means, layers * width);
    const at = this.#chosen().reserve_projection(cells) >>> 0;
    if (!at) throw outOfMemory();
    const floats = this.engine.floats(at, directions.length + means.length);
    floats.set(directions);
    floats.set(means, directions.length);
    this.#cells = cells;
  }

  project(vectors: Float32Array): Float32Array {
    const { layers, width } = this.sizes;
    checkLength(vectors, layers * width);
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
    check(row, rows);
  }
}

/** Throws a `RangeError` if this is not an index of `count` things. */
function check(index: number, count: number): void {
  if (Number.isSafeInteger(index) && index >= 0 && index < count) return;
  throw new RangeError(`${index} of ${count}`);
}

function checkLength({ length }: Float32Array, count: number): void {
  if (length !== count) throw new RangeError(`${length} numbers, not ${count}`);
}
