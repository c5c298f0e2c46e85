/** Copies the tensors of a file into the engine's memory, in the layouts that it computes with. */

import type { Placed } from "./description";
import { type Engine, FORMATS, type Format } from "./engine";

/** The panels of `panels.h`. */
const PANEL = 32;
/** Tensors are copied in pieces of this size, so they are not in memory twice. */
const STAGING_BYTES = 2 ** 20;

/** Writes weights into the engine's memory. */
export class WeightWriter {
  readonly format: Format;
  readonly #staging: number;

  /** @param weights all weights of the model, of the file `file` */
  constructor(
    private readonly engine: Engine,
    private readonly file: Uint8Array,
    weights: readonly Placed[],
    format: Format | "smallest",
  ) {
    const rows = weights.flatMap(({ tensors }) =>
      tensors.map(({ bytes, shape }) => bytes / (shape[0] ?? 1)),
    );
    this.#staging = engine.allocate(Math.max(STAGING_BYTES, ...rows));
    this.format = format === "smallest" ? this.#smallest(weights) : format;
  }

  /** The address of a weight. */
  write(weight: Placed): number {
    return weight.as === "vector" ? this.#vector(weight) : this.#panels(weight);
  }

  #vector({ tensors }: Placed): number {
    const [tensor] = tensors;
    if (!tensor) return 0;
    const size = sizeOf(tensor.dtype);
    const to = this.engine.allocate((tensor.bytes / size) * 4);
    let done = 0;
    for (const count of this.#pieces(tensor, size)) {
      this.engine.exports.widen(this.#staging, FORMATS[tensor.dtype], count, to + done * 4);
      done += count;
    }
    return to;
  }

  #panels({ tensors, as }: Placed): number {
    const byInput = as === "byInput";
    const outputs = tensors.map(({ shape }) => shape[byInput ? 1 : 0] ?? 0);
    const inputs = tensors[0]?.shape[byInput ? 0 : 1] ?? 0;
    const padded = Math.ceil(outputs.reduce((a, b) => a + b, 0) / PANEL) * PANEL;
    const to = this.engine.allocate(padded * inputs * sizeOf(this.format));
    let offset = 0;
    tensors.forEach((tensor, part) => {
      const { dtype, shape } = tensor;
      const columns = shape[1] ?? 0;
      let first = 0;
      for (const rows of this.#pieces(tensor, columns * sizeOf(dtype))) {
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

  /** Copies bytes into the staging memory, piece by piece; yields how many rows each has. */
  *#pieces(
    { from, bytes }: { readonly from: number; readonly bytes: number },
    rowBytes: number,
  ): Generator<number> {
    const step = Math.max(1, Math.floor(STAGING_BYTES / rowBytes)) * rowBytes;
    for (let begin = 0; begin < bytes; begin += step) {
      const piece = this.file.subarray(from + begin, from + Math.min(bytes, begin + step));
      this.engine.bytes(this.#staging, piece.length).set(piece);
      yield piece.length / rowBytes;
    }
  }

  /** The smallest format that represents all products exactly. */
  #smallest(weights: readonly Placed[]): Format {
    const products = weights.flatMap(({ as, tensors }) => (as === "vector" ? [] : tensors));
    const fits = (format: "F16" | "BF16") =>
      products.every((tensor) => {
        const { dtype } = tensor;
        if (dtype === "BF16" && format === "BF16") return true;
        for (const count of this.#pieces(tensor, sizeOf(dtype))) {
          const given = [this.#staging, FORMATS[dtype], count, FORMATS[format]] as const;
          if (!this.engine.exports.fits(...given)) return false;
        }
        return true;
      });
    if (fits("F16")) return "F16";
    return fits("BF16") ? "BF16" : "F32";
  }
}

const sizeOf = (format: Format): number => (format === "F32" ? 4 : 2);
