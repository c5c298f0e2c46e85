/** One position of a pass: the tensors that predict its next token. */
import type { LocalModel, Pass } from "./model/model";

export type Point = "resid" | "mlp_out" | "attn_out";

export class Step {
  /** Positions that this one attends to, itself included. */
  readonly keys: number;

  /**
   * @param row of the pass; the step is valid until the next pass of the model
   */
  constructor(
    readonly model: LocalModel,
    readonly pass: Pass,
    readonly row: number,
  ) {
    this.keys = pass.keys - pass.rows + row + 1;
  }

  /** [vocabulary] raw logits. */
  get logits(): Float32Array {
    const { vocabulary } = this.model.sizes;
    return this.pass.logits.subarray(this.row * vocabulary, (this.row + 1) * vocabulary);
  }

  /** The number of vectors at a hook point: a row for each layer, and the embedding of `resid`. */
  count(point: Point): number {
    return this.model.sizes.layers + (point === "resid" ? 1 : 0);
  }

  /** A vector [width]; of `resid`, row 0 is the embedding and row i the resid_post of layer i - 1. */
  vector(point: Point, index: number): Float32Array {
    const { width } = this.model.sizes;
    const { rows, resid, mlpOut, attnOut } = this.pass;
    const tensor = { resid, mlp_out: mlpOut, attn_out: attnOut }[point];
    const begin = (index * rows + this.row) * width;
    return tensor.subarray(begin, begin + width);
  }

  /** The attention weights [keys] of one head. */
  pattern(layer: number, head: number): Float32Array {
    const { heads } = this.model.sizes;
    const { rows, keys, pattern } = this.pass;
    const begin = ((layer * rows + this.row) * heads + head) * keys;
    return pattern.subarray(begin, begin + this.keys);
  }

  /** The attention weights [layers, heads, keys] of all heads. */
  patterns(): Float32Array {
    const { layers, heads } = this.model.sizes;
    const all = new Float32Array(layers * heads * this.keys);
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < heads; head++) {
        all.set(this.pattern(layer, head), (layer * heads + head) * this.keys);
      }
    }
    return all;
  }
}
