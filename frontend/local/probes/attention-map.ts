/** `attention_map`: where each head attends from every position. */
import type { RunSettings } from "@/lib/contract";
import type { WireArray } from "@/lib/contract/schemas";
import { InvalidSettings } from "../errors";
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

/** @throws InvalidSettings if the largest map of a run would be too large */
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
  const limit = `An attention_map of this model (${layers} layers, ${heads} heads) may cover ${most} tokens, but`;
  if (promptTokens > most) {
    const detail = `${limit} the prompt has ${promptTokens}. Shorten it, or capture attention_rows instead.`;
    throw new InvalidSettings(detail, "capture");
  }
  if (length > most) {
    const detail = `${limit} with attn_every ${every} the last one would cover ${length}. Set attn_every to 0 for the prompt's map alone, or max_new_tokens to ${most - promptTokens + 1}.`;
    throw new InvalidSettings(detail, "attn_every");
  }
}
