/** The tensors of a weights file, checked against those that a configuration describes. */

import { damaged, unsupported } from "../errors";
import type { Placed, PlacedTensor } from "./description";
import type { Format } from "./engine";
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

/** The weights of a model, by their names in transformers. */
export class NamedWeights {
  readonly #tensors = new Map<string, StoredTensor>();

  /** @throws LocalError where they are not as described */
  constructor(
    found: ReadonlyMap<string, StoredTensor>,
    expected: Shapes,
    { prefix, ignored, embedding }: Naming,
  ) {
    const hasPrefix = [...found.keys()].some((name) => name.startsWith(prefix));
    const weights = this.#tensors;
    for (const [name, tensor] of found) {
      const full = hasPrefix || name === HEAD ? name : prefix + name;
      if (!ignored.test(full)) weights.set(full, tensor);
    }
    for (const [name, shape] of expected) {
      const tensor = weights.get(name);
      if (!tensor) throw damaged("noWeight", name);
      if (tensor.shape.join() !== shape.join()) {
        throw damaged("weightShape", name, tensor.shape.join(", "), shape.join(", "));
      }
      formatOf(name, tensor);
    }
    const head = weights.get(HEAD);
    if (head && !expected.has(HEAD)) {
      const table = weights.get(embedding);
      if (!table || !areEqual(head, table)) throw unsupported("otherHead");
      weights.delete(HEAD);
    }
    const unknown = [...weights.keys()].find((name) => !expected.has(name));
    if (unknown !== undefined) throw unsupported("unknownWeight", unknown);
  }

  /** A vector or table in float32. */
  vector(name: string): Placed {
    return { as: "vector", tensors: [this.#placed(name)] };
  }

  /** One product of several linear layers with the same input. */
  panels(names: readonly string[], byInput = false): Placed {
    return { as: byInput ? "byInput" : "panels", tensors: names.map((name) => this.#placed(name)) };
  }

  #placed(name: string): PlacedTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw damaged("noWeight", name);
    const { shape, from, bytes } = tensor;
    return { dtype: formatOf(name, tensor), shape, from, bytes: bytes.length };
  }
}

function formatOf(name: string, { dtype }: StoredTensor): Format {
  if (dtype === "F32" || dtype === "F16" || dtype === "BF16") return dtype;
  throw unsupported("weightType", name, dtype);
}

function areEqual(one: StoredTensor, other: StoredTensor): boolean {
  return (
    one.dtype === other.dtype &&
    one.bytes.length === other.bytes.length &&
    one.bytes.every((byte, i) => byte === other.bytes[i])
  );
}
