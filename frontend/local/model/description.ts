/**
 * What the engine has to know of a model to load it: its sizes, and where in its weights file each
 * tensor is. `describe.ts` finds it out and refuses models that are not supported: for the models of
 * a site when the site is built, for those of the visitor when they are opened.
 */

import type { EngineSizes, Format } from "./engine";

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
  readonly eosIds: readonly number[];
}

export interface ModelDescription {
  readonly sizes: ModelSizes;
  readonly engine: Omit<EngineSizes, "format">;
  /** The weights of each layer, in the order of `Layer` or `Gpt2Layer` in C. */
  readonly layers: readonly (readonly Placed[])[];
  readonly embedding: Placed;
  /** Null where it is the embedding. */
  readonly head: Placed | null;
  readonly norm: Placed;
  /** Of the last norm. */
  readonly bias: Placed | null;
  /** Radians per position of each pair of a head, or the learned positions. */
  readonly places: readonly number[] | Placed;
}

/** A weight in the layout that the engine computes with. */
export interface Placed {
  /**
   * A vector or table in float32, or one product of several linear layers with the same input, in
   * panels. `byInput`: they are stored as [inputs, outputs] instead of [outputs, inputs].
   */
  readonly as: "vector" | "panels" | "byInput";
  readonly tensors: readonly PlacedTensor[];
}

/** A tensor in the weights file. */
export interface PlacedTensor {
  readonly dtype: Format;
  readonly shape: readonly number[];
  /** Its first byte in the file. */
  readonly from: number;
  readonly bytes: number;
}
