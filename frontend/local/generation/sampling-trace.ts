/** Records the distribution after each sampling control. */

import type { RunSettings, SamplerStage } from "@/lib/contract";
import { placeOf } from "./ids";
import { softmax } from "./softmax";

/** The name of a control, as in `cut_by`. */
export type Control =
  | "repetition_penalty"
  | "no_repeat_ngram"
  | "min_new_tokens"
  | "block_eos"
  | "block_ws"
  | "temperature"
  | "top_k"
  | "top_p"
  | "min_p";

/** The value of each control's setting. */
const SETTING_OF: Readonly<Record<Control, (settings: RunSettings) => number>> = {
  repetition_penalty: (settings) => settings.repetition_penalty,
  no_repeat_ngram: (settings) => settings.no_repeat_ngram_size,
  min_new_tokens: (settings) => settings.min_new_tokens,
  block_eos: (settings) => settings.block_eos_steps,
  block_ws: (settings) => settings.block_ws_steps,
  temperature: (settings) => settings.temperature,
  top_k: (settings) => settings.top_k,
  top_p: (settings) => settings.top_p,
  min_p: (settings) => settings.min_p,
};

/** The distribution after a control. */
interface AfterControl {
  readonly control: Control;
  /** In ascending order. */
  readonly ids: ArrayLike<number>;
  readonly probs: Float64Array;
}

/** The distributions of one prediction after each control. */
export class SamplingTrace {
  readonly #settings: RunSettings;
  readonly #watched: readonly number[];
  readonly #left: AfterControl[] = [];

  /**
   * @param settings settings of the run.
   * @param watched [top_n] ids of the reported rows.
   */
  constructor(settings: RunSettings, watched: readonly number[]) {
    this.#settings = settings;
    this.#watched = watched;
  }

  /**
   * Record the scores of these ids after a control.
   *
   * @param ids in ascending order.
   */
  add(control: Control, scores: Float32Array | Float64Array, ids: ArrayLike<number>): void {
    if (ids.length > 0) this.#left.push({ control, ids, probs: softmax(scores) });
  }

  /** Record the scores [vocabulary] after a control, with -Infinity for removed tokens. */
  addAll(control: Control, scores: Float32Array): void {
    const ids = new Uint32Array(scores.length);
    const left = new Float32Array(scores.length);
    let count = 0;
    for (let id = 0; id < scores.length; id++) {
      const score = scores[id] as number;
      if (score === Number.NEGATIVE_INFINITY) continue;
      ids[count] = id;
      left[count++] = score;
    }
    this.add(control, left.subarray(0, count), ids.subarray(0, count));
  }

  /** A row for each control, in order. */
  rows(tokenId: number): SamplerStage[] {
    return this.#left.map((left) => ({
      control: left.control,
      setting: SETTING_OF[left.control](this.#settings),
      kept: left.ids.length,
      probs: this.#watched.map((id) => probOf(left, id)),
      said: probOf(left, tokenId),
    }));
  }
}

function probOf({ ids, probs }: AfterControl, tokenId: number): number | null {
  const place = placeOf(tokenId, ids);
  return place < 0 ? null : (probs[place] ?? null);
}
