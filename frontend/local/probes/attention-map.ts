/** `attention_map`: where each head attends from every position. */
import type { RunSettings } from "@/lib/contract";
import type { WireArray } from "@/lib/contract/schemas";
import { invalid } from "../errors";
import { LIMITS } from "../facts";
import type { ModelSizes } from "../model/model";
import type { Step } from "../step";
import { toWire } from "../wire";

/** The patterns of all queries of a growing text. */
export class PatternMap {
  /** [queries] of [layers, heads, keys], each query with the keys up to its own. */
  readonly #rows: Float32Array[] = [];
  readonly #sizes: ModelSizes;

  constructor(sizes: ModelSizes) {
    this.#sizes = sizes;
  }

  append(step: Step): void {
    this.#rows.push(step.patterns());
  }

  /** [layers, heads, queries, keys]; 0 beyond the position of a query. */
  toWire(): WireArray {
    const { layers, heads } = this.#sizes;
    const length = this.#rows.length;
    const all = new Float32Array(layers * heads * length * length);
    this.#rows.forEach((row, query) => {
      const keys = query + 1;
      for (let head = 0; head < layers * heads; head++) {
        const pattern = row.subarray(head * keys, (head + 1) * keys);
        all.set(pattern, (head * length + query) * length);
      }
    });
    return toWire(all, [layers, heads, length, length], LIMITS.half_shares);
  }
}

/** Whether the token of this index has a map. */
export const isDue = (index: number, every: number): boolean =>
  every > 0 && (index + 1) % every === 0;

/** @throws LocalError (invalid_settings) if the largest map of a run would be too large */
export function checkMap(
  settings: RunSettings,
  { layers, heads }: ModelSizes,
  promptTokens: number,
  newTokens: number,
): void {
  const most = Math.floor(Math.sqrt(LIMITS.map_numbers / (layers * heads)));
  const every = settings.attn_every;
  const last = every ? Math.floor(newTokens / every) * every - 1 : 0;
  const length = promptTokens + Math.max(last, 0);
  if (promptTokens > most) {
    throw invalid("capture", "promptTooLongForMap", most, layers, heads, promptTokens);
  }
  if (length > most) {
    const limit = most - promptTokens + 1;
    throw invalid("attn_every", "runTooLongForMap", most, layers, heads, every, length, limit);
  }
}
