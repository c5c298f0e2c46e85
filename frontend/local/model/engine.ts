/** The compiled engine (`engine.c`): its functions and its memory. */

import { LocalError } from "../errors";

/** Types of weights, with the numbers of `panels.h`. */
export const FORMATS = { F32: 0, F16: 1, BF16: 2 } as const;
export type Format = keyof typeof FORMATS;

/** With the numbers of `engine.c` and `gpt2_pass.h`. */
export const FAMILIES = { llama: 0, gpt2: 1 } as const;
export const ACTIVATIONS = { gelu_tanh: 0, relu: 1 } as const;

/** The most tokens that are read in one pass. */
export const MAX_ROWS = 64;

/** What `engine.c` exports. Addresses are signed: use `>>> 0`. */
interface EngineExports {
  readonly memory: WebAssembly.Memory;
  allocate(bytes: number): number;
  fits(from: number, type: number, count: number, format: number): number;
  widen(from: number, type: number, count: number, to: number): void;
  pack(...numbers: number[]): void;
  configure(...numbers: number[]): number;
  set_layer(layer: number, index: number, weight: number): void;
  set_ends(table: number, head: number, norm: number, bias: number, places: number): void;
  ids(): number;
  choose(text: number): void;
  read(rows: number, length: number): number;
  rows(): number;
  logits(): number;
  resid(): number;
  attn_out(): number;
  mlp_out(): number;
  pattern(): number;
  entropies(row: number): number;
  lens(row: number, id: number): void;
  lens_ids(): number;
  lens_probs(): number;
  lens_ranks(): number;
  reserve_projection(cells: number): number;
  vectors(): number;
  project(): number;
}

/** A module with one SIMD instruction. */
const SIMD_PROBE = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
]);

/** Throws a `LocalError` (no_simd) where WebAssembly or its SIMD instructions are missing. */
export function checkSimd(): void {
  if (typeof WebAssembly === "object" && WebAssembly.validate(SIMD_PROBE)) return;
  throw LocalError.of("no_simd", "noSimd", []);
}

/** The sizes that the engine is configured with, in the order of `configure`. */
export interface EngineSizes {
  readonly family: keyof typeof FAMILIES;
  readonly format: Format;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly inner: number;
  readonly vocabulary: number;
  readonly context: number;
  readonly epsilon: number;
  readonly activation: keyof typeof ACTIVATIONS;
  /** Factor of cos and sin. */
  readonly rotaryScaling: number;
}

/** One instance of the engine. */
export class Engine {
  private constructor(readonly exports: EngineExports) {}

  static async create(module: WebAssembly.Module): Promise<Engine> {
    const { exports } = await WebAssembly.instantiate(module);
    return new Engine(exports as unknown as EngineExports);
  }

  /** Reserves memory; returns its address. */
  allocate(bytes: number): number {
    const address = bytes < 2 ** 32 ? this.exports.allocate(bytes) >>> 0 : 0;
    if (!address) throw outOfMemory();
    return address;
  }

  /** Reserves memory for numbers; returns its address. */
  floatsOf(numbers: readonly number[]): number {
    const at = this.allocate(numbers.length * 4);
    this.floats(at, numbers.length).set(numbers);
    return at;
  }

  configure(sizes: EngineSizes): void {
    const { layers, width, heads, kvHeads, headDim, inner, vocabulary, context, epsilon } = sizes;
    const configured = this.exports.configure(
      ...[FAMILIES[sizes.family], FORMATS[sizes.format], layers, width, heads, kvHeads, headDim],
      ...[inner, vocabulary, context, epsilon, headDim ** -0.5, ACTIVATIONS[sizes.activation]],
      sizes.rotaryScaling,
    );
    if (!configured) throw outOfMemory();
  }

  /** A view that ends when the memory grows. */
  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, address >>> 0, length);
  }

  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.exports.memory.buffer, address >>> 0, length);
  }

  integers(address: number, length: number): Int32Array {
    return new Int32Array(this.exports.memory.buffer, address >>> 0, length);
  }
}

export const outOfMemory = (): LocalError => LocalError.of("out_of_memory", "outOfMemory", []);
