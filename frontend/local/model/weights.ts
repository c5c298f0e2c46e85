/** Copies the tensors of a file into the engine's memory, in the layouts that it computes with. */

import type { Engine, Format } from "./engine";
import { FORMATS } from "./engine";
import { damaged, unsupported } from "./errors";
import type { StoredTensor } from "./safetensors";

/** Names and shapes of all weights that a configuration describes. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** How the tensors of a family are named. */
export interface Naming {
  /** What the names begin with; files of a model without its unembedding leave it out. */
  readonly prefix: string;
  /** Tensors of older files that are no weights. */
  readonly ignored: RegExp;
  readonly embedding: string;
}

export const HEAD = "lm_head.weight";

/** The panels of `panels.h`. */
const PANEL = 32;
/** Tensors are copied in pieces of this size, so they are not in memory twice. */
const STAGING_BYTES = 2 ** 20;

/** Returns the weights by their names in transformers; throws where they are not as described. */
export function namedWeights(
  found: ReadonlyMap<string, StoredTensor>,
  expected: Shapes,
  { prefix, ignored, embedding }: Naming,
): ReadonlyMap<string, StoredTensor> {
  const hasPrefix = [...found.keys()].some((name) => name.startsWith(prefix));
  const weights = new Map<string, StoredTensor>();
  for (const [name, tensor] of found) {
    const full = hasPrefix || name === HEAD ? name : prefix + name;
    if (!ignored.test(full)) weights.set(full, tensor);
  }
  for (const [name, shape] of expected) {
    const tensor = weights.get(name);
    if (!tensor) throw damaged(`The weights have no ${name}.`);
    if (tensor.shape.join() !== shape.join()) {
      const [is, described] = [tensor.shape.join(", "), shape.join(", ")];
      throw damaged(`${name} has the shape [${is}], not [${described}] as config.json says.`);
    }
    formatOf(name, tensor);
  }
  const head = weights.get(HEAD);
  if (head && !expected.has(HEAD)) {
    const table = weights.get(embedding);
    if (!table || !areEqual(head, table)) {
      throw unsupported("its unembedding is another one than the embedding");
    }
    weights.delete(HEAD);
  }
  const unknown = [...weights.keys()].find((name) => !expected.has(name));
  if (unknown !== undefined) throw unsupported(`its weights have ${unknown}`);
  return weights;
}

function formatOf(name: string, { dtype }: StoredTensor): Format {
  if (dtype === "F32" || dtype === "F16" || dtype === "BF16") return dtype;
  throw unsupported(`${name} has numbers of the type ${dtype}`);
}

function areEqual(one: StoredTensor, other: StoredTensor): boolean {
  return (
    one.dtype === other.dtype &&
    one.bytes.length === other.bytes.length &&
    one.bytes.every((byte, i) => byte === other.bytes[i])
  );
}

/** Writes weights into the engine's memory. */
export class WeightWriter {
  readonly format: Format;
  readonly #staging: number;

  /** `products` are the names of the weights that are stored in panels. */
  constructor(
    private readonly engine: Engine,
    private readonly weights: ReadonlyMap<string, StoredTensor>,
    products: readonly string[],
    format: Format | "smallest",
  ) {
    const rows = [...weights.values()].map(({ bytes, shape }) => bytes.length / (shape[0] ?? 1));
    this.#staging = engine.allocate(Math.max(STAGING_BYTES, ...rows));
    this.format = format === "smallest" ? this.#smallest(products) : format;
  }

  /** The address of a vector or table in float32. */
  vector(name: string): number {
    const { dtype, bytes, size } = this.#tensor(name);
    const to = this.engine.allocate((bytes.length / size) * 4);
    let done = 0;
    for (const count of this.#pieces(bytes, size)) {
      this.engine.exports.widen(this.#staging, FORMATS[dtype], count, to + done * 4);
      done += count;
    }
    return to;
  }

  /**
   * The address of one product of several linear layers with the same input, in panels.
   *
   * @param byInput whether the weights are stored as [inputs, outputs] instead of [outputs, inputs]
   */
  panels(names: readonly string[], byInput = false): number {
    const parts = names.map((name) => this.#tensor(name));
    const outputs = parts.map(({ shape }) => shape[byInput ? 1 : 0] ?? 0);
    const inputs = parts[0]?.shape[byInput ? 0 : 1] ?? 0;
    const padded = Math.ceil(outputs.reduce((a, b) => a + b, 0) / PANEL) * PANEL;
    const to = this.engine.allocate(padded * inputs * (this.format === "F32" ? 4 : 2));
    let offset = 0;
    parts.forEach(({ dtype, bytes, shape, size }, part) => {
      const columns = shape[1] ?? 0;
      let first = 0;
      for (const rows of this.#pieces(bytes, columns * size)) {
        this.engine.exports.pack(
          ...[this.#staging, FORMATS[dtype], rows, columns, Number(byInput)],
          ...[first, offset, inputs, to, FORMATS[this.format]],
        );
        first += rows;
      }
      offset += outputs[part] ?? 0;
    });
    return to;
  }

  #tensor(name: string) {
    const tensor = this.weights.get(name);
    if (!tensor) throw damaged(`The weights have no ${name}.`);
    const dtype = formatOf(name, tensor);
    return { ...tensor, dtype, size: dtype === "F32" ? 4 : 2 };
  }

  /** Copies bytes into the staging memory, piece by piece; yields how many rows each has. */
  *#pieces(bytes: Uint8Array, rowBytes: number): Generator<number> {
    const step = Math.max(1, Math.floor(STAGING_BYTES / rowBytes)) * rowBytes;
    for (let begin = 0; begin < bytes.length; begin += step) {
      const piece = bytes.subarray(begin, begin + step);
      this.engine.bytes(this.#staging, piece.length).set(piece);
      yield piece.length / rowBytes;
    }
  }

  /** The smallest format that represents all of these weights exactly. */
  #smallest(products: readonly string[]): Format {
    const fits = (format: "F16" | "BF16") =>
      products.every((name) => {
        const { dtype, bytes, size } = this.#tensor(name);
        if (dtype === "BF16" && format === "BF16") return true;
        for (const count of this.#pieces(bytes, size)) {
          const given = [this.#staging, FORMATS[dtype], count, FORMATS[format]] as const;
          if (!this.engine.exports.fits(...given)) return false;
        }
        return true;
      });
    if (fits("F16")) return "F16";
    return fits("BF16") ? "BF16" : "F32";
  }
}
